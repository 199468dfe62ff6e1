import type { PendingRequest } from '../agent-webkit/protocol/answers.js';

/** The most ids that are kept. */
const MAX_KEPT = 1000;

/** The requests that this client has answered: one that needs several approvals stays open, and is not offered again. */
export class AnsweredRequests {
  readonly #ids = new Set<string>();

  add(correlationId: string): void {
    this.#ids.add(correlationId);
    const [oldest] = this.#ids;
    if (this.#ids.size > MAX_KEPT && oldest !== undefined) this.#ids.delete(oldest);
  }

  has({ correlation_id: id }: PendingRequest): boolean {
    return this.#ids.has(id);
  }
}
