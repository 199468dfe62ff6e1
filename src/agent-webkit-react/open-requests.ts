import type { AgentRequest } from '../agent-webkit-client/agent-request.js';
import type { AgentSession } from '../agent-webkit-client/agent-session.js';
import type { AnsweredRequests } from '../agent-webkit-client/answered-requests.js';
import { requestOpenedBy } from '../agent-webkit-client/request-inbox.js';
import type { PendingRequest } from '../agent-webkit/protocol/answers.js';
import type { DeliveredEvent } from '../agent-webkit/protocol/events.js';

/** The open requests of sessions, as lists and events tell them. */
export class OpenRequests {
  readonly #byId = new Map<string, AgentRequest>();
  /** The ids of those that were resolved since the last list was asked for. */
  readonly #resolved = new Set<string>();

  readonly #answered: AnsweredRequests;

  constructor(answered: AnsweredRequests) {
    this.#answered = answered;
  }

  /** The open ones that this caller has not answered, the oldest first. */
  get list(): readonly AgentRequest[] {
    return [...this.#byId.values()].filter(({ asked }) => !this.#answered.has(asked));
  }

  /** Call it before a list is asked for, which is then passed to {@link load}. */
  expect(): void {
    this.#resolved.clear();
  }

  /** Takes a list over. Those that were resolved meanwhile stay away. */
  load(listed: readonly (readonly [AgentSession, PendingRequest])[]): void {
    const later = [...this.#byId];
    this.#byId.clear();
    for (const [session, asked] of listed) this.#add(session, asked);
    for (const [id, request] of later) if (!this.#byId.has(id)) this.#byId.set(id, request);
    for (const id of this.#resolved) this.#byId.delete(id);
    this.#resolved.clear();
  }

  /** Opens or closes a request. Returns true if the event does that. */
  observe(session: AgentSession, opened: DeliveredEvent): boolean {
    const asked = requestOpenedBy(opened);
    if (asked) {
      this.#add(session, asked);
      return true;
    }
    const { event, data } = opened;
    switch (event) {
      case 'request_approved':
        this.#approve(session, data.correlation_id, data.by);
        return true;
      case 'request_resolved':
        this.#resolved.add(data.correlation_id);
        this.#byId.delete(data.correlation_id);
        return true;
      default:
        return false;
    }
  }

  /** Closes all requests, or those of one session. */
  clear(sessionId?: string): void {
    for (const [id, request] of this.#byId)
      if (sessionId === undefined || request.sessionId === sessionId) this.#byId.delete(id);
  }

  #add(session: AgentSession, asked: PendingRequest): void {
    this.#byId.set(asked.correlation_id, session.requestOf(asked));
  }

  #approve(session: AgentSession, id: string, by: string): void {
    const asked = this.#byId.get(id)?.asked;
    if (asked?.event !== 'permission_request') return;
    const approved_by = [...new Set([...(asked.approved_by ?? []), by])];
    this.#byId.set(id, session.requestOf({ ...asked, approved_by }));
  }
}
