import type {
  CreatedSession,
  GenuiSchema,
  RequestsPage,
  SessionInfo,
  SessionsPage,
  Usage,
} from '../agent-webkit/protocol/answers.js';
import type { CreateSession } from '../agent-webkit/protocol/inbound.js';
import { AnsweredRequests } from './answered-requests.js';
import { AgentSession } from './agent-session.js';
import { type BackoffOptions, retry, type RetryOptions } from './backoff.js';
import type { StreamSettings, Transport } from './event-stream.js';
import { Http, type HttpOptions } from './http.js';
import { SharedStream, type StreamListener } from './shared-stream.js';
import { randomId } from './random-id.js';

export interface AgentClientOptions extends HttpOptions {
  /** @default `poll` in React Native, else `stream` */
  readonly transport?: Transport;
  /** How long a stream may be silent before it is opened anew, in milliseconds. @default 45000 */
  readonly silenceMs?: number;
  /** The delays between attempts. */
  readonly backoff?: BackoffOptions;
  /**
   * The id of the caller at the server. A request that needs several approvals, and that this caller has approved, is
   * not offered again, also after a reload.
   *
   * @default learned from the sessions that the caller owns
   */
  readonly callerId?: string;
}

export interface PageOptions {
  /** From 1 to 100. @default 50 */
  readonly limit?: number;
  /** The `next_cursor` of the page before. */
  readonly cursor?: string | null;
}

/** A range of at most 366 UTC days, which contains both ends. */
export interface UsageOptions {
  /** As `YYYY-MM-DD`. @default 29 days before `to` */
  readonly from?: string;
  /** As `YYYY-MM-DD`. @default today */
  readonly to?: string;
}

/** The sessions of a listing. The same for all pages. */
export interface ListOptions extends PageOptions {
  /** A text that the title contains, in upper or lower case. @default any title */
  readonly q?: string;
  /** @default both */
  readonly archived?: boolean;
  /** @default any state */
  readonly state?: 'idle' | 'running' | 'awaiting' | 'dormant';
  /** The values that the metadata has. @default any */
  readonly metadata?: Readonly<Record<string, string | number | boolean>>;
  /** The newest activity first, or the newest session first. @default 'activity' */
  readonly order?: 'activity' | 'created';
}

export interface CreateOptions extends RetryOptions {
  /**
   * Names the session for repetitions, for example after a reload of the page: the same key returns the same session.
   *
   * @default a random one
   */
  readonly key?: string;
}

/** How often a session is created before that fails. Each attempt has the same key, so that it exists once. */
const ATTEMPTS = 5;

/** A client of one server, for browsers, Node and React Native. */
export class AgentClient {
  readonly #http: Http;
  readonly #settings: StreamSettings;
  readonly #shared: SharedStream;
  /** @internal for the hooks of React */
  readonly answered: AnsweredRequests;

  /** @throws TypeError when the `url` is not an address of HTTP */
  constructor({
    transport = defaultTransport(),
    silenceMs = 45_000,
    backoff,
    callerId,
    ...http
  }: AgentClientOptions) {
    this.#http = new Http(http);
    this.answered = new AnsweredRequests(callerId ?? null);
    this.#settings = { transport, silenceMs, backoff };
    this.#shared = new SharedStream(this.#http, this.#settings);
  }

  /**
   * Creates a session. Tried five times if the network or the server is away, without creating two: `onRetry` tells
   * why it takes longer, and `signal` ends it.
   *
   * @throws ApiError when the server refuses it
   * @throws TypeError or another error of `fetch` when the server cannot be reached
   */
  async create(
    session: CreateSession = {},
    { key = randomId(), ...options }: CreateOptions = {},
  ): Promise<AgentSession> {
    const attempt = () =>
      this.#http.send<CreatedSession>({
        method: 'POST',
        path: '/sessions',
        headers: { 'idempotency-key': key },
        body: session,
        signal: options.signal,
      });
    const { backoff } = this.#settings;
    const { session_id } = await retry(attempt, { ...options, max: ATTEMPTS, backoff });
    return this.attach(session_id);
  }

  /** Returns a session by its id. Asks the server nothing. */
  attach(sessionId: string): AgentSession {
    return new AgentSession(sessionId, this.#http, this.#settings, this.answered, this.#shared);
  }

  /**
   * Listens to the caller's sessions: their events from now on, and the sessions that are created, shared, no longer
   * shared, and deleted. All listeners, and the readers of the transport `shared`, have one connection. After each `stream_start`, and after each `stream_gap`, read
   * anew what you show.
   *
   * @returns a function that removes the listener
   */
  watch(listener: StreamListener): () => void {
    return this.#shared.join(listener);
  }

  /** Returns a page of the sessions that the caller owns or is a member of. With a filter, it can have fewer than `limit`. */
  async list(page: ListOptions = {}): Promise<SessionsPage> {
    const found = await this.#http.send<SessionsPage>({ path: `/sessions${queryOf(page)}` });
    this.answered.learn(found.sessions);
    return found;
  }

  /** Yields the sessions that the caller owns or is a member of. */
  async *sessions(
    options: Omit<ListOptions, 'cursor'> = {},
  ): AsyncGenerator<SessionInfo, void, undefined> {
    let cursor: string | null = null;
    do {
      // oxlint-disable-next-line no-await-in-loop -- pages follow one another
      const page: SessionsPage = await this.list({ limit: 100, ...options, cursor });
      yield* page.sessions;
      cursor = page.next_cursor;
    } while (cursor !== null);
  }

  /** Returns a page of the open requests of all the caller's sessions, the oldest first. */
  openRequests(page: PageOptions = {}): Promise<RequestsPage> {
    return this.#http.send<RequestsPage>({ path: `/requests${queryOf(page)}` });
  }

  /** Returns what the caller's own sessions used, by UTC day and model, also those that were deleted. */
  usage(days: UsageOptions = {}): Promise<Usage> {
    return this.#http.send<Usage>({ path: `/usage${queryOf(days)}` });
  }

  /** Returns the components that the agents can render. */
  genuiSchema({ signal }: { readonly signal?: AbortSignal } = {}): Promise<GenuiSchema> {
    return this.#http.send<GenuiSchema>({ path: '/genui/schema', signal });
  }
}

function queryOf({ metadata = {}, ...options }: ListOptions & UsageOptions): string {
  const values = Object.entries(metadata).map(([key, value]) => [`metadata[${key}]`, value]);
  const fields = [...Object.entries(options), ...values].flatMap(([name, value]) =>
    value == null
      ? []
      : [`${encodeURIComponent(String(name))}=${encodeURIComponent(String(value))}`],
  );
  return fields.length === 0 ? '' : `?${fields.join('&')}`;
}

function defaultTransport(): Transport {
  const { navigator } = globalThis as { navigator?: { product?: string } };
  return navigator?.product === 'ReactNative' ? 'poll' : 'stream';
}
