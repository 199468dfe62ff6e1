import type { EngineLogger } from '../engine-logger.js';
import { StorageUnavailableError } from '../errors.js';

export interface RetentionOptions {
  /** How long a session is kept after its last activity, in milliseconds. */
  retentionMs: number;
  /** Returns up to `limit` ids of sessions that are due, whose last activity was before a time. */
  find: (before: Date, limit: number) => Promise<string[]>;
  /** Removes a session unless it is active. */
  remove: (sessionId: string) => Promise<void>;
  logger: EngineLogger;
}

/** How many sessions are removed at a time. */
const BATCH = 20;
const MAX_INTERVAL_MS = 60 * 60 * 1000;

/** Removes sessions without recent activity, in small batches. */
export class Retention {
  readonly #options: RetentionOptions;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #isSweeping = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Starts to remove such sessions every hour, or every `retentionMs` if that is shorter. */
  start(): void {
    const { retentionMs, logger } = this.#options;
    this.#timer = setInterval(
      () => {
        this.sweep().catch((error: unknown) => {
          if (error instanceof StorageUnavailableError) return; // reported by the storage's guard
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

  /** Removes the sessions that are due now, unless the last sweep still waits for the storage. */
  async sweep(): Promise<void> {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    try {
      await this.#removeDue();
    } finally {
      this.#isSweeping = false;
    }
  }

  async #removeDue(): Promise<void> {
    const { retentionMs, find, remove } = this.#options;
    const before = new Date(Date.now() - retentionMs);
    let seen: string[] = [];
    while (!this.#isStopped) {
      // oxlint-disable-next-line no-await-in-loop -- one batch at a time leaves the storage room for other work
      const ids = await find(before, BATCH);
      // Sessions that are listed again were not removed, and would be listed for ever.
      const unseen = ids.filter((id) => !seen.includes(id));
      if (unseen.length === 0) return;
      seen = ids;
      // oxlint-disable-next-line no-await-in-loop -- one batch at a time, as above
      await Promise.all(unseen.map(remove));
    }
  }
}
