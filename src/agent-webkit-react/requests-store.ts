import type { AgentClient } from '../agent-webkit-client/agent-client.js';
import type { AgentRequest } from '../agent-webkit-client/agent-request.js';
import type { AgentSession } from '../agent-webkit-client/agent-session.js';
import type { Connection } from '../agent-webkit-client/event-stream.js';
import type { PendingRequest } from '../agent-webkit/protocol/answers.js';
import { sessionThatLeaves } from '../agent-webkit-client/shared-stream.js';
import { OpenRequests } from './open-requests.js';
import { Store } from './store.js';
import { watchUntil } from '../agent-webkit-client/watch-until.js';

/** The open requests of all sessions, for a component. */
export interface RequestsView {
  /** The oldest first, at most 1,000. One that was answered, here or elsewhere, is never among them. */
  readonly requests: readonly AgentRequest[];
  readonly isLoading: boolean;
  readonly connection: Connection;
  /** Why the list could not be read the last time; null if it could. */
  readonly error: unknown;
}

const MAX_PAGES = 10;

/** The open requests of all sessions of the caller. */
export class RequestsStore extends Store<RequestsView> {
  readonly #client: AgentClient;
  readonly #requests: OpenRequests;
  #connection: Connection = { state: 'connecting' };
  #isLoading = true;
  #error: unknown = null;

  constructor(client: AgentClient, onStop: () => void) {
    super(
      { requests: [], isLoading: true, connection: { state: 'connecting' }, error: null },
      onStop,
    );
    this.#client = client;
    this.#requests = new OpenRequests(client.answered);
  }

  protected override run(signal: AbortSignal): void {
    this.#client.answered.listen(() => this.changed(), signal);
    watchUntil(this.#client, signal, {
      onConnection: (connection) => {
        this.#connection = connection;
        this.changed();
      },
      onUpdate: (update) => {
        const left = sessionThatLeaves(update);
        if (left !== null) this.#requests.clear(left);
        else if (!('id' in update)) return;
        else if (!this.#requests.observe(this.#client.attach(update.session_id), update)) return;
        this.changed();
      },
      load: () => this.#load(signal),
    });
  }

  protected override read(): RequestsView {
    return {
      requests: this.#requests.list,
      isLoading: this.#isLoading,
      connection: this.#connection,
      error: this.#error,
    };
  }

  async #load(signal: AbortSignal): Promise<void> {
    this.#requests.clear();
    this.#requests.expect();
    try {
      const listed: (readonly [AgentSession, PendingRequest])[] = [];
      let cursor: string | null = null;
      for (let page = 0; page === 0 || (cursor !== null && page < MAX_PAGES); page += 1) {
        // oxlint-disable-next-line no-await-in-loop -- pages follow one another
        const { requests, next_cursor } = await this.#client.openRequests({ limit: 100, cursor });
        for (const asked of requests) listed.push([this.#client.attach(asked.session_id), asked]);
        cursor = next_cursor;
      }
      if (signal.aborted) return;
      this.#requests.load(listed);
      this.#error = null;
    } catch (error) {
      this.#error = error;
    }
    this.#isLoading = false;
    this.changed();
  }
}
