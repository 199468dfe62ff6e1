import type { PendingRequest, SessionInfo } from '../agent-webkit/protocol/answers.js';

/** The most ids that are kept. */
const MAX_KEPT = 1000;

/**
 * The requests that this caller has answered: one that needs several approvals stays open, and is not offered again.
 * Those of before a reload are recognized by the id of the caller.
 */
export class AnsweredRequests {
  readonly #ids = new Set<string>();
  readonly #listeners = new Set<() => void>();
  #callerId: string | null;

  constructor(callerId: string | null) {
    this.#callerId = callerId;
  }

  /** Learns the id of the caller from a session that the caller owns. */
  learn(sessions: readonly SessionInfo[]): void {
    this.#callerId ??= sessions.find(({ role }) => role === 'owner')?.owner ?? null;
  }

  add(correlationId: string): void {
    this.#ids.add(correlationId);
    const [oldest] = this.#ids;
    if (this.#ids.size > MAX_KEPT && oldest !== undefined) this.#ids.delete(oldest);
    for (const listener of this.#listeners) listener();
  }

  has(asked: PendingRequest): boolean {
    if (this.#ids.has(asked.correlation_id)) return true;
    if (asked.event !== 'permission_request' || this.#callerId === null) return false;
    return asked.approved_by?.includes(this.#callerId) ?? false;
  }

  /** Calls the listener after each answer, until the signal aborts. */
  listen(listener: () => void, signal: AbortSignal): void {
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true });
  }
}
