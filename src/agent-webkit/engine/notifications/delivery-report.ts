import type { EngineLogger } from '../engine-logger.js';
import { MAX_ATTEMPTS } from './attempt-delays.js';

/** How often the log names a failure, in milliseconds. */
const INTERVAL_MS = 10 * 60 * 1000;

/**
 * Logs that notifications cannot be delivered: a line when attempts fail, a line when notifications are
 * removed after their last attempt, each at most once in ten minutes, a line when a delivery succeeds again, and
 * a line when the receiver is gone.
 */
export class DeliveryReport {
  readonly #name: string;
  readonly #logger: Pick<EngineLogger, 'warn'>;
  /** True when the log has a failure, and no success after it. */
  #isReported = false;
  /** True when the receiver is gone. Deliveries that had begun are not reported. */
  #isGone = false;
  #failureAt = Number.NEGATIVE_INFINITY;
  #abandonedAt = Number.NEGATIVE_INFINITY;
  /** The notifications that were removed since the last line about it. */
  #abandoned = 0;

  /** @param name names the receiver */
  constructor(name: string, logger: Pick<EngineLogger, 'warn'>) {
    this.#name = name;
    this.#logger = logger;
  }

  succeeded(): void {
    if (!this.#isReported || this.#isGone) return;
    this.#isReported = false;
    this.#logger.warn(`Notifications are delivered to ${this.#name} again.`);
  }

  failed(id: string, error: unknown): void {
    if (this.#isGone || performance.now() - this.#failureAt < INTERVAL_MS) return;
    this.#failureAt = performance.now();
    this.#isReported = true;
    this.#logger.warn(
      `Could not deliver notification ${id} to ${this.#name}. Retrying for three days: ${reasonOf(error)}`,
    );
  }

  gone(error: unknown): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#logger.warn(
      `No more notifications are delivered to ${this.#name} until this server restarts, because it is gone: ` +
        `${reasonOf(error)} They are still stored.`,
    );
  }

  abandoned(id: string, error: unknown): void {
    this.#abandoned += 1;
    if (performance.now() - this.#abandonedAt < INTERVAL_MS) return;
    this.#abandonedAt = performance.now();
    const more = this.#abandoned > 1 ? ` So were ${this.#abandoned - 1} before it.` : '';
    this.#abandoned = 0;
    this.#logger.warn(
      `Notification ${id} was removed: it was not delivered to ${this.#name} in ${MAX_ATTEMPTS} attempts ` +
        `(${reasonOf(error)}).${more}`,
    );
  }

  trimmed(count: number, max: number): void {
    this.#logger.warn(
      `Removed the ${count} oldest notifications, because more than ${max} were waiting for ${this.#name}.`,
    );
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
