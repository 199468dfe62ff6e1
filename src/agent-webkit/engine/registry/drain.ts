import type { EngineLogger } from '../engine-logger.js';
import { TIMED_OUT, within } from '../timing/within.js';

export interface DrainOptions {
  /** Resolves when load balancers have noticed that this server stops. */
  noticed: () => Promise<unknown>;
  /** How long running turns may take to end, in milliseconds. */
  timeoutMs: number;
  /** Starts no more turns. Resolves when every session has left this server. */
  release: () => Promise<void>;
  /** Returns the number of sessions that have not left yet. */
  count: () => number;
  logger: EngineLogger;
}

/**
 * Waits until the work of a server that stops has ended, so that another server goes on with its sessions
 * and no turn is interrupted.
 */
export class Drain {
  readonly #options: DrainOptions;
  #end: () => void = () => undefined;
  /** Resolves when {@link end} is called. */
  readonly #ended = new Promise<void>((resolve) => (this.#end = resolve));

  constructor(options: DrainOptions) {
    this.#options = options;
  }

  /** Resolves when every session has left this server, when that takes too long, and when {@link end} is called. */
  async run(): Promise<void> {
    const noticed = this.#options.noticed();
    await this.#release();
    await Promise.race([noticed, this.#ended]);
  }

  async #release(): Promise<void> {
    const { timeoutMs, release, count, logger } = this.#options;
    const released = release();
    if (count() > 0) {
      logger.log?.(
        `Waiting up to ${timeoutMs / 1000} s for the turns of ${count()} sessions to end.`,
      );
    }
    const outcome = await Promise.race([within(timeoutMs, released), this.#ended]);
    if (outcome !== TIMED_OUT) return;
    logger.warn(
      `${count()} sessions were still working after ${timeoutMs / 1000} s. Interrupting their turns.`,
    );
  }

  /** Ends the wait now. */
  end(): void {
    this.#end();
  }
}
