import type { AgentRequest } from '../agent-webkit-client/agent-request.js';
import type { AgentSession, SendOptions } from '../agent-webkit-client/agent-session.js';
import { EventsLostError } from '../agent-webkit-client/api-error.js';
import type { Connection } from '../agent-webkit-client/event-stream.js';
import { randomId } from '../agent-webkit-client/random-id.js';
import type { UserContent } from '../agent-webkit/protocol/events.js';
import { Conversation, type ConversationItem } from './conversation.js';
import { OpenRequests } from './open-requests.js';
import { Store } from './store.js';

/** A session, for a component. */
export interface SessionView {
  /**
   * `loading` until the events of before are there, then `ready`. `ended` when the session has ended or was deleted,
   * `failed` when the server refuses it: `error` says why.
   */
  readonly status: 'loading' | 'ready' | 'ended' | 'failed';
  /** The conversation, at most its last 2,000 items. */
  readonly items: readonly ConversationItem[];
  /** The open requests of the agent. One that was answered, here or elsewhere, is never among them. */
  readonly requests: readonly AgentRequest[];
  /** True while the agent works on a message. */
  readonly isRunning: boolean;
  readonly connection: Connection;
  /** The refusal of the server; null if the session has not failed. */
  readonly error: unknown;
}

const INITIAL: SessionView = {
  status: 'loading',
  items: [],
  requests: [],
  isRunning: false,
  connection: { state: 'connecting' },
  error: null,
};

type Outgoing = Extract<ConversationItem, { kind: 'user' }>;

/** One session, as its components show it. */
export class SessionStore extends Store<SessionView> {
  readonly session: AgentSession;
  readonly #conversation = new Conversation();
  readonly #requests: OpenRequests;
  /** The messages that the server has not published yet. */
  readonly #outgoing = new Map<string, Outgoing>();
  #connection: Connection = INITIAL.connection;
  #status: SessionView['status'] = 'loading';
  #error: unknown = null;
  #lastId = 0;

  constructor(session: AgentSession, onStop: () => void) {
    super(INITIAL, onStop);
    this.session = session;
    this.#requests = new OpenRequests(session.answered);
  }

  /** Sends a message, which is shown at once. Resolves to its id when the server has accepted it. */
  readonly send = async (content: UserContent, options: SendOptions = {}): Promise<string> => {
    const { messageId: id = randomId() } = options;
    this.#show({ kind: 'user', id, content, state: 'sending' });
    try {
      return await this.session.send(content, { ...options, messageId: id });
    } catch (error) {
      this.#show({ kind: 'user', id, content, state: 'failed', error });
      throw error;
    }
  };

  /** Ends the agent's turn. */
  readonly interrupt = (): Promise<void> => this.session.interrupt();

  protected override run(signal: AbortSignal): void {
    this.session.answered.listen(() => this.changed(), signal);
    void this.#run(signal).catch((error: unknown) => {
      if (signal.aborted) return;
      this.#status = 'failed';
      this.#error = error;
      this.changed();
    });
  }

  protected override read(): SessionView {
    return {
      status: this.#status,
      items: [...this.#conversation.items, ...this.#outgoing.values()],
      requests: this.#requests.list,
      isRunning: this.#conversation.isRunning,
      connection: this.#connection,
      error: this.#error,
    };
  }

  async #run(signal: AbortSignal): Promise<void> {
    try {
      await this.#follow(signal);
    } catch (error) {
      // The server no longer has the events between: what it has is shown anew.
      if (!(error instanceof EventsLostError) || this.#lastId === 0) throw error;
      this.#lastId = 0;
      this.#conversation.clear();
      await this.#follow(signal);
    }
    if (signal.aborted) return;
    this.#status = 'ended';
    this.#conversation.isRunning = false;
    this.#requests.clear();
    this.changed();
  }

  /** Shows what is there when all of it is there, so that no request that was answered is seen for a moment. */
  async #follow(signal: AbortSignal): Promise<void> {
    const onRetry = (retry: object) => {
      this.#connection = { state: 'waiting', ...retry } as Connection;
      this.changed();
    };
    const { pending, last_id: present } = await this.session.info({ signal, onRetry });
    this.#requests.clear();
    this.#requests.expect();
    this.#requests.load(pending.map((asked) => [this.session, asked]));
    const onConnection = (connection: Connection) => {
      this.#connection = connection;
      this.#reach(present);
    };
    for await (const event of this.session.events({ after: this.#lastId, signal, onConnection })) {
      if (signal.aborted) return;
      this.#lastId = event.id;
      this.#conversation.apply(event);
      if (event.event === 'user_message') this.#outgoing.delete(event.data.message_id);
      if (event.id > present) this.#requests.observe(this.session, event);
      this.#reach(present);
    }
  }

  #reach(present: number): void {
    if (this.#lastId >= present && this.#status === 'loading') this.#status = 'ready';
    if (this.#lastId >= present) this.changed();
  }

  #show(message: Outgoing): void {
    if (this.#conversation.has(message.id)) return;
    this.#outgoing.set(message.id, message);
    this.changed();
  }
}
