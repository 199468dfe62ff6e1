import type { EngineLogger } from '../../engine/engine-logger.js';
import { Refusal } from './refusal.js';

/** A program that asks for ever new hosts does not fill the server's log. */
const MAX_LINES = 20;

/** Writes one line to the server's log for each host that an agent may not reach. */
export class RefusalLog {
  readonly #sessionId: string;
  readonly #logger: Pick<EngineLogger, 'warn'>;
  readonly #reasons = new Set<string>();

  constructor(sessionId: string, logger: Pick<EngineLogger, 'warn'>) {
    this.#sessionId = sessionId;
    this.#logger = logger;
  }

  refused(error: unknown): void {
    if (!(error instanceof Refusal) || error.status !== 403) return;
    const { reason } = error;
    if (this.#reasons.has(reason) || this.#reasons.size > MAX_LINES) return;
    this.#reasons.add(reason);
    const isLast = this.#reasons.size > MAX_LINES;
    this.#logger.warn(
      isLast
        ? `Network of session ${this.#sessionId}: more requests were refused, which are not logged.`
        : `Network of session ${this.#sessionId}: refused a request. ${reason}.`,
    );
  }

  /** The socket of the gateway failed, for example for want of file descriptors. */
  failed(error: Error): void {
    this.#logger.warn(`Network of session ${this.#sessionId}: ${error.message}`);
  }
}
