import type { EngineLogger } from '../engine-logger.js';
import type { SessionRecordStore } from '../storage.js';

export interface RetentionOptions {
  /** After how long without use a session is removed, in milliseconds. */
  retentionMs: number;
  records: SessionRecordStore;
  /** Removes a session unless it is in use. */
  remove: (sessionId: string) => Promise<void>;
  logger: EngineLogger;
}

/** How many sessions are removed at a time. */
const BATCH = 20;
const MAX_INTERVAL_MS = 60 * 60 * 1000;

/** Removes sessions that nobody used for long, in small batches. */
export class Retention {
  readonly #options: RetentionOptions;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Looks for such sessions from now on, every hour, or more often where they are kept for less. */
  start(): void {
    const { retentionMs, logger } = this.#options;
    this.#timer = setInterval(
      () => {
        this.sweep().catch((error: unknown) => {
          logger.warn(`Could not delete expired sessions. Retrying later: ${String(error)}`);
        });
      },
      Math.min(retentionMs, MAX_INTERVAL_MS),
    );
    this.#timer.unref();
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
  }

  /** Removes those there are now. */
  async sweep(): Promise<void> {
    const { retentionMs, records, remove } = this.#options;
    const before = new Date(Date.now() - retentionMs);
    let seen: string[] = [];
    while (!this.#isStopped) {
      // oxlint-disable-next-line no-await-in-loop -- one batch after the other, to leave others room
      const ids = await records.unusedSince(before, BATCH);
      // What came again was not removed, and would come for ever.
      const unseen = ids.filter((id) => !seen.includes(id));
      if (unseen.length === 0) return;
      seen = ids;
      // oxlint-disable-next-line no-await-in-loop -- so is this
      await Promise.all(unseen.map(remove));
    }
  }
}
