import type { PendingRequest } from '../agent-webkit/protocol/answers.js';
import type { DeliveredEvent } from '../agent-webkit/protocol/events.js';
import type { AgentRequest, Resolution } from './agent-request.js';

/** Returns the request that an event opens; null if it opens none. */
export function requestOpenedBy({ event, data }: DeliveredEvent): PendingRequest | null {
  switch (event) {
    case 'permission_request':
    case 'ask_user_question':
    case 'elicitation_request':
    case 'dialog_request':
    case 'hook_decision_request':
      // The name still fits the data, which the compiler cannot follow.
      return { event, ...data } as PendingRequest;
    default:
      return null;
  }
}

type Create = (asked: PendingRequest, resolved: Promise<Resolution>) => AgentRequest;

interface Entry {
  readonly request: AgentRequest;
  readonly resolve: (resolution: Resolution) => void;
}

/** The open requests of a session, as its events tell them: those that a reader has not taken wait for it. */
export class RequestInbox {
  readonly #create: Create;
  readonly #open = new Map<string, Entry>();
  /** The ids of the requests that were not taken, oldest first. */
  readonly #waiting = new Set<string>();
  #end: { readonly error: unknown } | null = null;
  #onChange: () => void = () => undefined;

  constructor(create: Create) {
    this.#create = create;
  }

  /** Opens a request. */
  add(asked: PendingRequest): void {
    let resolve!: Entry['resolve'];
    const resolved = new Promise<Resolution>((settle) => (resolve = settle));
    const request = this.#create(asked, resolved);
    this.#open.set(request.id, { request, resolve });
    this.#waiting.add(request.id);
    this.#onChange();
  }

  /** Opens or closes a request, if the event does. */
  observe(event: DeliveredEvent): void {
    const asked = requestOpenedBy(event);
    if (asked) return this.add(asked);
    if (event.event !== 'request_resolved') return;
    const { data } = event;
    this.#open.get(data.correlation_id)?.resolve(data);
    this.#open.delete(data.correlation_id);
    this.#waiting.delete(data.correlation_id);
  }

  /** Ends the inbox. A reader gets the error, if there is one, after the requests that are left. */
  end(error: unknown = null): void {
    this.#end = { error };
    this.#onChange();
  }

  /** Takes the oldest request that is still open; waits for one. Resolves to null at the end. */
  async take(): Promise<AgentRequest | null> {
    for (;;) {
      const [id] = this.#waiting;
      if (id !== undefined) {
        this.#waiting.delete(id);
        return this.#open.get(id)?.request ?? null;
      }
      if (this.#end?.error != null) throw this.#end.error;
      if (this.#end) return null;
      // oxlint-disable-next-line no-await-in-loop -- until something changes
      await new Promise<void>((changed) => (this.#onChange = changed));
    }
  }
}
