import { AgentWebkitError, NotStorableError, StorageUnavailableError } from '../errors.js';
import { OwnedElsewhereError, UnstorableError } from '../storage.js';
import { TIMED_OUT, within } from '../timing/within.js';

/** Reports what kept a request from its answer, and returns the error that it is answered with. */
export type ReportTrouble = (cause: unknown) => StorageUnavailableError;

/**
 * How long one request may wait for the storage, over all of its calls together. Time that it spends
 * otherwise, in a function of the host or waiting for an agent, does not count.
 */
export class StorageWait {
  readonly #timeoutMs: number;
  readonly #report: ReportTrouble;
  #leftMs: number;

  /** @param timeoutMs the sum of all waiting, in milliseconds */
  constructor(
    timeoutMs: number,
    report: ReportTrouble = (cause) => new StorageUnavailableError(cause),
  ) {
    this.#timeoutMs = timeoutMs;
    this.#leftMs = timeoutMs;
    this.#report = report;
  }

  /** True when the request has been answered 503, because it waited for too long. */
  get isOver(): boolean {
    return this.#leftMs <= 0;
  }

  /** Returns the error of a request that is rejected at once, because an earlier write is being retried. */
  unavailable(): StorageUnavailableError {
    return this.#report(new Error('A write is being retried.'));
  }

  /**
   * Waits for work that waits for the storage. Work that takes too long is not cancelled: it ends
   * later, without this request.
   *
   * @param whenOver returns the error at the limit, for work that waits for something other than the storage
   * @throws NotStorableError when the storage can never store the data
   * @throws OwnedElsewhereError when the session belongs to another server
   * @throws StorageUnavailableError when the limit is reached, or the work fails, except with an error
   *   of this package
   */
  async for<Result>(work: Promise<Result>, whenOver?: () => Error): Promise<Result> {
    const startedAt = performance.now();
    try {
      const result = await within(Math.max(0, this.#leftMs), work);
      this.#leftMs -= performance.now() - startedAt;
      if (result !== TIMED_OUT) return result;
    } catch (error) {
      this.#leftMs -= performance.now() - startedAt;
      if (error instanceof UnstorableError) throw new NotStorableError(error);
      if (error instanceof AgentWebkitError || error instanceof OwnedElsewhereError) throw error;
      throw this.#report(error);
    }
    this.#leftMs = 0;
    if (whenOver) throw whenOver();
    throw this.#report(new Error(`A request waited for the storage for ${this.#timeoutMs} ms.`));
  }
}
