import type { EngineLogger } from '../../engine/engine-logger.js';

/** Notes whether the model can be reached. */
export interface Outages {
  /** @param reason a sentence without addresses and secrets */
  failed(reason: string): void;
  succeeded(): void;
}

export const SILENT: Outages = { failed: () => {}, succeeded: () => {} };

/**
 * Logs that the model cannot be reached: one line when an outage begins, and one with the next response,
 * for all agents and all requests together.
 */
export class ModelOutages implements Outages {
  readonly #logger: EngineLogger;
  #startedAt: number | null = null;

  constructor(logger: EngineLogger) {
    this.#logger = logger;
  }

  failed(reason: string): void {
    if (this.#startedAt !== null) return;
    this.#startedAt = performance.now();
    this.#logger.error(`Model outage: ${reason} Agents retry until it is over.`);
  }

  succeeded(): void {
    if (this.#startedAt === null) return;
    const seconds = Math.round((performance.now() - this.#startedAt) / 1000);
    this.#startedAt = null;
    this.#logger.warn(`The model responds again, after an outage of about ${seconds} s.`);
  }
}
