import type { AgentClient } from '../agent-webkit-client/agent-client.js';
import { ApiError } from '../agent-webkit-client/api-error.js';
import type { Connection } from '../agent-webkit-client/event-stream.js';
import { sessionThatLeaves, type Update } from '../agent-webkit-client/shared-stream.js';
import type { SessionInfo } from '../agent-webkit/protocol/answers.js';
import { Store } from './store.js';
import { watchUntil } from '../agent-webkit-client/watch-until.js';

/** The caller's sessions, for a component. */
export interface SessionsView {
  /** The 100 with the latest activity, which come first. */
  readonly sessions: readonly SessionInfo[];
  readonly isLoading: boolean;
  readonly connection: Connection;
  /** Why the list could not be read the last time; null if it could. */
  readonly error: unknown;
}

const MAX_SESSIONS = 100;
/** The time in which the changes of a session are gathered, in milliseconds. */
const GATHER_MS = 200;
/** Events that do not change the description of a session, apart from its activity. */
const FREQUENT = /_delta$|_progress$|^message_complete$|^tool_/;

/** The list of the caller's sessions. */
export class SessionsStore extends Store<SessionsView> {
  readonly #client: AgentClient;
  readonly #byId = new Map<string, SessionInfo>();
  readonly #stale = new Set<string>();
  #connection: Connection = { state: 'connecting' };
  #isLoading = true;
  #error: unknown = null;

  constructor(client: AgentClient, onStop: () => void) {
    super(
      { sessions: [], isLoading: true, connection: { state: 'connecting' }, error: null },
      onStop,
    );
    this.#client = client;
  }

  protected override run(signal: AbortSignal): void {
    let gathering: ReturnType<typeof setTimeout> | undefined;
    signal.addEventListener('abort', () => clearTimeout(gathering), { once: true });
    watchUntil(this.#client, signal, {
      onConnection: (connection) => {
        this.#connection = connection;
        this.changed();
      },
      onUpdate: (update) => {
        if (!this.#take(update)) return;
        gathering ??= setTimeout(() => {
          gathering = undefined;
          void this.#refresh(signal);
        }, GATHER_MS);
      },
      load: () => this.#load(signal),
    });
  }

  protected override read(): SessionsView {
    const sessions = [...this.#byId.values()]
      .sort((one, other) => (one.last_activity_at < other.last_activity_at ? 1 : -1))
      .slice(0, MAX_SESSIONS);
    return {
      sessions,
      isLoading: this.#isLoading,
      connection: this.#connection,
      error: this.#error,
    };
  }

  /** Returns true if a session is to be read anew. */
  #take(update: Update): boolean {
    if (update.event === 'stream_start') return false;
    const left = sessionThatLeaves(update);
    if (update.event === 'session_created' || update.event === 'session_shared')
      this.#byId.set(update.session_id, update.data);
    else if (left !== null) this.#byId.delete(left);
    else if (FREQUENT.test(update.event)) return false;
    else this.#stale.add(update.session_id);
    this.changed();
    return this.#stale.size > 0;
  }

  async #load(signal: AbortSignal): Promise<void> {
    try {
      const { sessions } = await this.#client.list({ limit: MAX_SESSIONS });
      if (signal.aborted) return;
      this.#byId.clear();
      for (const session of sessions) this.#byId.set(session.session_id, session);
      this.#error = null;
    } catch (error) {
      this.#error = error;
    }
    this.#isLoading = false;
    this.changed();
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    const ids = [...this.#stale];
    this.#stale.clear();
    await Promise.all(ids.map((id) => this.#refreshOne(id, signal)));
    if (!signal.aborted) this.changed();
  }

  async #refreshOne(id: string, signal: AbortSignal): Promise<void> {
    try {
      this.#byId.set(id, await this.#client.attach(id).info({ signal }));
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) this.#byId.delete(id);
      else if (!signal.aborted) this.#error = error;
    }
  }
}
