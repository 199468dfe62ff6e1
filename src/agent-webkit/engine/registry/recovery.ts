import type { EngineLogger } from '../engine-logger.js';
import { retry } from '../timing/retry.js';
import type { SessionRecordStore } from '../storage.js';

export interface RecoveryOptions {
  records: SessionRecordStore;
  /** What this server claimed and could not read then, which the storage does not list any more. */
  unread: () => Promise<string[]>;
  /** Takes one session into memory, where it goes on by itself. Rejects when it cannot be. */
  takeUp: (sessionId: string) => Promise<unknown>;
  logger: EngineLogger;
}

/** How many sessions are taken up at a time. */
const PAGE = 20;
const INTERVAL_MS = 15_000;

/**
 * Takes up what servers left unfinished that are gone, also when nobody is there: at once what is
 * found at the start, and from then on what other servers leave. Of those one must be missing twice
 * in a row: the storage may take a server for gone that is only cut off from it for a moment.
 */
export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  /** What was found the last time. */
  #found = new Set<string>();

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** Resolves when what there is at the start is taken up, but for what could not be; that is tried again. */
  async start(): Promise<void> {
    await retry(() => this.#takeUp(() => true), {
      signal: this.#stopped.signal,
      isFinal: () => false,
      onFailure: (cause) => this.#warn(cause),
    });
    if (this.#stopped.signal.aborted) return;
    // From a moment of its own, so that servers that started together do not take up the same at once.
    this.#timer = setTimeout(
      () => {
        this.#timer = setInterval(() => void this.#look(), INTERVAL_MS).unref();
        void this.#look();
      },
      Math.ceil(Math.random() * INTERVAL_MS),
    ).unref();
  }

  stop(): void {
    this.#stopped.abort();
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const before = this.#found;
    this.#found = new Set();
    try {
      await this.#takeUp((id) => before.has(id));
    } catch (cause) {
      this.#warn(cause);
    } finally {
      this.#isLooking = false;
    }
  }

  async #takeUp(isDue: (sessionId: string) => boolean): Promise<void> {
    const { records, unread } = this.#options;
    await this.#takeUpAll(await unread());
    let after: string | null = null;
    do {
      // oxlint-disable-next-line no-await-in-loop -- page after page, so that it costs no more memory
      const ids: string[] = await records.unfinished(PAGE, after);
      for (const id of ids) this.#found.add(id);
      // oxlint-disable-next-line no-await-in-loop -- so is this
      await this.#takeUpAll(ids.filter(isDue));
      after = ids.length < PAGE ? null : (ids.at(-1) ?? null);
    } while (after !== null && !this.#stopped.signal.aborted);
  }

  /** One that fails keeps none from the others; it is tried again the next time. */
  async #takeUpAll(ids: readonly string[]): Promise<void> {
    const outcomes = await Promise.allSettled(ids.map(this.#options.takeUp));
    const failed = outcomes.find(({ status }) => status === 'rejected');
    if (failed) this.#warn((failed as PromiseRejectedResult).reason);
  }

  #warn(cause: unknown): void {
    this.#options.logger.warn(
      `Could not resume all unfinished sessions. Retrying within 15 s: ${String(cause)}`,
    );
  }
}
