import type { EngineLogger } from '../engine-logger.js';
import { ClockSteps } from '../timing/clock-steps.js';
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
const HOUR_MS = 60 * 60 * 1000;
const MAX_INTERVAL_MS = HOUR_MS;
/** The step of the system clock that is not trusted, as a share of `retentionMs`, and at least this. */
const LARGE_STEP = 0.1;
const MIN_LARGE_STEP_MS = 100;
const MAX_PAUSE_MS = 24 * HOUR_MS;

/**
 * Removes sessions without recent activity, in small batches.
 *
 * The last activity is a stored time, and so is compared with the system clock. When the clock is set
 * forward by more than a tenth of `retentionMs`, nothing is removed for half of `retentionMs`, at most
 * for a day: a wrong time must not delete every session at once, and NTP or an operator has time to
 * correct it.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #clock = new ClockSteps();
  #timer: NodeJS.Timeout | undefined;
  /** Until when nothing is removed, as `performance.now()`. */
  #pausedUntil = Number.NEGATIVE_INFINITY;
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
    this.#checkClock();
    if (performance.now() < this.#pausedUntil) return;
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

  #checkClock(): void {
    const { retentionMs, logger } = this.#options;
    const step = this.#clock.sinceLastCall();
    if (step <= Math.max(retentionMs * LARGE_STEP, MIN_LARGE_STEP_MS)) return;
    const pauseMs = Math.min(retentionMs / 2, MAX_PAUSE_MS);
    this.#pausedUntil = performance.now() + pauseMs;
    logger.warn(
      `The system clock was set forward by ${inWords(step)}. Deleting no unused sessions for ` +
        `${inWords(pauseMs)}, so that a wrong time deletes none. Check the clock.`,
    );
  }
}

function inWords(ms: number): string {
  const hours = ms / HOUR_MS;
  return hours < 1 ? `${Math.ceil(ms / 1000)} s` : `${Math.round(hours)} h`;
}
