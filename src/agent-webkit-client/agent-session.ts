import type { PendingRequest, SessionInfo } from '../agent-webkit/protocol/answers.js';
import type { DeliveredEvent, UserContent } from '../agent-webkit/protocol/events.js';
import type { InboundMessage, RequestReply } from '../agent-webkit/protocol/inbound.js';
import type { SessionMember } from '../agent-webkit/protocol/session-members.js';
import type { OutputFormat } from '../agent-webkit/protocol/output-format.js';
import { AgentRequest, type AnswerEffect, type Resolution } from './agent-request.js';
import type { AnsweredRequests } from './answered-requests.js';
import { NEVER, retry, type RetryOptions } from './backoff.js';
import { type EventStreamOptions, EventStream, type StreamSettings } from './event-stream.js';
import type { Http } from './http.js';
import { SharedEvents } from './shared-events.js';
import type { SharedStream } from './shared-stream.js';
import { Outbox, type OutgoingMessage } from './outbox.js';
import { randomId } from './random-id.js';
import { ApiError } from './api-error.js';
import { RequestInbox } from './request-inbox.js';

/** How often an answer, or another request that may be repeated, is tried. */
const ATTEMPTS = 5;

/** Options of {@link AgentSession.send}. */
export interface SendOptions {
  /** A UUID, by which the server accepts the message once. @default a random one */
  readonly messageId?: string;
  /**
   * The id of an earlier message that this one replaces: the agent forgets it, and everything after it. With the same
   * content it is a retry. The session must be idle. @default none
   */
  readonly replaces?: string;
  /**
   * The format of the last answer of the turn: a JSON Schema. The value is in the event `result`, as
   * `structured_output`. The server has to permit it. @default the format of the session, if it has one
   */
  readonly outputFormat?: OutputFormat;
}

/** Options of {@link AgentSession.setMembers}. */
export interface SetMembersOptions {
  /** The members that the session has, in any order, so that the change of another client is not overwritten. @default any */
  readonly expectedMembers?: readonly SessionMember[];
}

/** One session of a server. It has no connection of its own: each reader opens one, and ends it. */
export class AgentSession {
  readonly id: string;
  readonly #http: Http;
  readonly #settings: StreamSettings;
  readonly #stream: EventStream | SharedEvents;
  readonly #outbox: Outbox;
  /** @internal for the hooks of React */
  readonly answered: AnsweredRequests;

  /** @internal `AgentClient` returns sessions. */
  constructor(
    id: string,
    http: Http,
    settings: StreamSettings,
    answered: AnsweredRequests,
    shared: SharedStream,
  ) {
    this.id = id;
    this.#http = http;
    this.#settings = settings;
    this.answered = answered;
    const own = new EventStream(http, id, settings);
    const isShared = settings.transport === 'shared';
    this.#stream = isShared ? new SharedEvents(http, id, shared, own, settings) : own;
    this.#outbox = new Outbox(
      ({ messageId: message_id, content, replaces, outputFormat }, signal) =>
        this.post(
          {
            type: 'user_message',
            message_id,
            content,
            ...(replaces !== undefined && { replaces }),
            ...(outputFormat && { output_format: outputFormat }),
          },
          signal,
        ),
      settings.backoff,
    );
  }

  /**
   * Yields the session's events: each once, in order, over broken connections and restarted servers. Ends with the
   * session, with the signal, or with the loop that reads it.
   *
   * @throws EventsLostError when the server no longer has the events after `after`
   * @throws ApiError when the server refuses the stream for good
   */
  events(options: EventStreamOptions = {}): AsyncGenerator<DeliveredEvent, void, undefined> {
    return this.#stream.read(options);
  }

  /**
   * Sends a message. Resolves to its id when the server has accepted it: it cannot be lost then. While the network
   * or the server is away, messages wait in {@link outbox}.
   *
   * @param options a message id, or more options
   * @throws ApiError when the server refuses it for good
   * @throws OutboxFullError when 100 messages wait
   */
  async send(content: UserContent, options: string | SendOptions = {}): Promise<string> {
    const {
      messageId = randomId(),
      replaces,
      outputFormat,
    }: SendOptions = typeof options === 'string' ? { messageId: options } : options;
    const replacing = replaces === undefined ? {} : { replaces };
    const format = outputFormat && { outputFormat };
    await this.#outbox.send({ messageId, content, ...replacing, ...format });
    return messageId;
  }

  /** The messages that the server has not accepted yet, in their order. */
  get outbox(): readonly OutgoingMessage[] {
    return this.#outbox.waiting;
  }

  /**
   * Yields the agent's requests: first those that are open, then every later one. A request that was answered
   * meanwhile is not among them, nor one that this client has approved and that waits for other callers.
   *
   * @throws EventsLostError and ApiError as {@link events} does
   */
  async *requests({
    signal = NEVER,
    onConnection,
  }: Omit<EventStreamOptions, 'after'> = {}): AsyncGenerator<AgentRequest, void, undefined> {
    const inbox = new RequestInbox((asked, resolved) => this.requestOf(asked, resolved));
    const leaving = new AbortController();
    const leave = () => leaving.abort();
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    const reading = this.#readRequests(inbox, {
      signal: leaving.signal,
      ...(onConnection && { onConnection }),
    });
    try {
      for (let request = await inbox.take(); request; request = await inbox.take()) yield request;
    } finally {
      signal.removeEventListener('abort', leave);
      leave();
      await reading;
    }
  }

  /** Reads all events as they come, also while the reader of the requests is busy. Never rejects. */
  async #readRequests(inbox: RequestInbox, options: EventStreamOptions): Promise<void> {
    try {
      const { pending, last_id: after } = await this.info();
      for (const asked of pending) if (!this.answered.has(asked)) inbox.add(asked);
      for await (const event of this.events({ ...options, after })) inbox.observe(event);
      inbox.end();
    } catch (error) {
      inbox.end(error);
    }
  }

  /**
   * Answers a request. Repeated if the network or the server is away: the first answer decides. If the answer to an
   * attempt was lost, it also resolves when another client has decided: {@link AgentRequest.resolved} tells how.
   *
   * @throws ApiError with the code `no_pending_request` when it is not open any more
   */
  async reply(reply: RequestReply, options: RetryOptions = {}): Promise<void> {
    let attempts = 0;
    const attempt = async () => {
      attempts += 1;
      try {
        await this.post(reply, options.signal);
      } catch (error) {
        // The answer to an earlier attempt was lost: that attempt, or another client, has decided.
        const isDecided = error instanceof ApiError && error.code === 'no_pending_request';
        if (!isDecided || attempts === 1) throw error;
      }
    };
    await this.#retry(attempt, options);
    this.answered.add(reply.correlation_id);
  }

  /** Returns the number of approvals of a request that needs more of them after an answer. */
  async #effectOf(asked: PendingRequest): Promise<AnswerEffect> {
    if (asked.event !== 'permission_request' || !asked.approvals) return { state: 'decided' };
    const { pending } = await this.#retry(() => this.info(), {});
    const open = pending.find((one) => one.correlation_id === asked.correlation_id);
    if (open?.event !== 'permission_request') return { state: 'decided' };
    const { required } = asked.approvals;
    return { state: 'approved', approvals: open.approved_by?.length ?? 0, required };
  }

  #retry<Result>(attempt: () => Promise<Result>, options: RetryOptions): Promise<Result> {
    return retry(attempt, { ...options, max: ATTEMPTS, backoff: this.#settings.backoff });
  }

  /** Ends the agent's turn. Queued messages stay queued. */
  interrupt(): Promise<void> {
    return this.post({ type: 'interrupt' });
  }

  /** Sends any message of the protocol once. @throws ApiError when the server refuses it */
  post(message: InboundMessage, signal?: AbortSignal): Promise<void> {
    const path = `${this.#path}/input`;
    return this.#http.send({ method: 'POST', path, body: message, signal });
  }

  /**
   * Returns the description of the session. Tried once, or with options until it succeeds or the signal aborts.
   *
   * @throws ApiError when the server refuses it
   */
  info(options?: RetryOptions): Promise<SessionInfo> {
    const attempt = async () => {
      const info = await this.#http.send<SessionInfo>({
        path: this.#path,
        signal: options?.signal,
      });
      this.answered.learn([info]);
      return info;
    };
    if (!options) return attempt();
    return retry(attempt, { ...options, max: Infinity, backoff: this.#settings.backoff });
  }

  /** Returns a request of `pending`, or of `AgentClient.openRequests()`, to answer it. */
  requestOf(
    asked: PendingRequest,
    resolved = new Promise<Resolution>(() => undefined),
  ): AgentRequest {
    return new AgentRequest(this.id, asked, resolved, async (answered, reply) => {
      await this.reply(reply);
      return this.#effectOf(answered);
    });
  }

  /**
   * Replaces the callers with whom the session is shared, and their roles. Only its owner may do that. Tried once.
   *
   * @returns the session after the change
   * @throws ApiError with the code `members_changed` when the session has other members than the expected ones: read them
   *   with {@link info}, and make the change to them again
   */
  setMembers(
    members: readonly SessionMember[],
    { expectedMembers: expected_members }: SetMembersOptions = {},
  ): Promise<SessionInfo> {
    const path = `${this.#path}/members`;
    return this.#http.send({ method: 'PUT', path, body: { members, expected_members } });
  }

  /** Ends the session and deletes everything the server has of it. */
  delete(): Promise<void> {
    this.close();
    return this.#http.send({ method: 'DELETE', path: this.#path });
  }

  /** Rejects the messages that wait in the {@link outbox}. The session stays as it is at the server. */
  close(): void {
    this.#outbox.close();
  }

  get #path(): string {
    return `/sessions/${encodeURIComponent(this.id)}`;
  }
}
