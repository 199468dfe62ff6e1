import type { EngineLogger } from '../engine-logger.js';
import { StorageUnavailableError } from '../errors.js';
import { retry } from '../timing/retry.js';
import type { SessionRecordStore } from '../storage.js';

export interface RecoveryOptions {
  records: SessionRecordStore;
  /** Returns the sessions that this server claimed and could not read. The storage no longer lists them. */
  unread: () => Promise<string[]>;
  /** Restores one session into memory, where its work continues. Rejects when it cannot be read. */
  resume: (sessionId: string) => Promise<unknown>;
  /**
   * Returns false while this server leaves unfinished sessions to others.
   *
   * @default always true
   */
  mayResume?: () => boolean;
  /**
   * True when a server that looks gone is gone for sure, so that its sessions are resumed at once.
   *
   * @default false
   */
  isCertain?: boolean;
  /** Closes the sessions in memory of which the storage has lost events. Called before each later search. */
  checkStorage: () => Promise<void>;
  logger: EngineLogger;
}

/** How many sessions are resumed at a time. */
const PAGE = 20;
const INTERVAL_MS = 15_000;

/**
 * Resumes the unfinished sessions of servers that are gone, without a request of a client. At the
 * start, it resumes every session that it finds. Later, it resumes a session that two consecutive
 * searches have found, because a server that is briefly cut off from the storage only looks gone. Where
 * servers hold leases, which tell for sure, it resumes every session at once.
 */
export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #isSearching = false;
  /** The ids that the last search found. */
  #found = new Set<string>();

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** Resolves when the sessions found at the start are resumed. Sessions that could not be read are retried later. */
  async start(): Promise<void> {
    const { signal } = this.#stopped;
    try {
      await retry(() => this.#resumeWhere(() => true), {
        signal,
        isFinal: () => false,
        onFailure: (cause) => this.#warn(cause),
      });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    if (signal.aborted) return;
    // After a random delay, so that servers that started together do not resume the same sessions at once.
    this.#timer = setTimeout(
      () => {
        this.#timer = setInterval(() => void this.#search(), INTERVAL_MS).unref();
        void this.#search();
      },
      Math.ceil(Math.random() * INTERVAL_MS),
    ).unref();
  }

  /** Resumes the unfinished sessions that there are now. Never rejects. */
  async resumeAll(): Promise<void> {
    if (this.#isSearching || this.#stopped.signal.aborted || !this.#mayResume) return;
    this.#isSearching = true;
    try {
      await this.#resumeWhere(() => true);
    } catch (cause) {
      this.#warn(cause);
    } finally {
      this.#isSearching = false;
    }
  }

  get #mayResume(): boolean {
    return this.#options.mayResume?.() ?? true;
  }

  stop(): void {
    this.#stopped.abort();
    clearInterval(this.#timer);
  }

  async #search(): Promise<void> {
    if (this.#isSearching) return;
    this.#isSearching = true;
    const before = this.#found;
    this.#found = new Set();
    try {
      await this.#options.checkStorage();
      await this.#resumeWhere((id) => this.#options.isCertain === true || before.has(id));
    } catch (cause) {
      this.#warn(cause);
    } finally {
      this.#isSearching = false;
    }
  }

  async #resumeWhere(isDue: (sessionId: string) => boolean): Promise<void> {
    const { records, unread } = this.#options;
    await this.#resumeAll(await unread());
    let after: string | null = null;
    while (this.#mayResume && !this.#stopped.signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- one page at a time bounds the memory
      const ids: string[] = await records.unfinished(PAGE, after);
      for (const id of ids) this.#found.add(id);
      // oxlint-disable-next-line no-await-in-loop -- one page at a time bounds the memory
      await this.#resumeAll(ids.filter(isDue));
      if (ids.length < PAGE) return;
      after = ids.at(-1) ?? null;
    }
  }

  /** A session that cannot be resumed does not delay the others. The next search retries it. */
  async #resumeAll(ids: readonly string[]): Promise<void> {
    const outcomes = await Promise.allSettled(ids.map(this.#options.resume));
    const failed = outcomes.find(({ status }) => status === 'rejected');
    if (failed) this.#warn((failed as PromiseRejectedResult).reason);
  }

  #warn(cause: unknown): void {
    if (cause instanceof StorageUnavailableError) return; // reported by the storage's guard
    this.#options.logger.warn(
      `Could not resume all unfinished sessions. Retrying within 15 s: ${String(cause)}`,
    );
  }
}
