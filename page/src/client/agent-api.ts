import { type AgentClient, createAgentClient, type Session, Transport } from '@agent-webkit/core';
import type {
  Capabilities,
  RequestsPage,
  SessionCapabilities,
  SessionInfo,
  SessionsPage,
} from '../../../src/agent-webkit/protocol/answers.js';
import type { UserContent } from '../../../src/agent-webkit/protocol/events.js';
import type {
  ChangeSession,
  CreateSession,
  InboundMessage,
  MessageDelivery,
  RequestReply,
} from '../../../src/agent-webkit/protocol/inbound.js';
import type { SessionMember } from '../../../src/agent-webkit/protocol/session-members.js';
import { AgentClient as StreamClient } from '../../../src/agent-webkit-client/agent-client.js';
import { readRefusal } from './words.js';

type Fetch = typeof fetch;

/** The sessions that the list shows. */
export interface ListFilter {
  /** A part of the title; empty for any title. */
  readonly q: string;
  readonly archived: boolean;
}

/** Accesses the server's sessions with the published client, and directly where the client lacks a method. */
export class AgentApi {
  readonly #base: string;
  readonly #token: string | undefined;
  readonly #client: AgentClient;
  readonly #transport: Transport;
  /** Has the stream of all sessions. */
  readonly shared: StreamClient;

  constructor(base: string, token: string | null) {
    this.#base = base.replace(/\/+$/, '');
    this.#token = token ?? undefined;
    const options = { baseUrl: this.#base, token: this.#token };
    this.#client = createAgentClient(options);
    this.#transport = new Transport(options);
    this.shared = new StreamClient({ url: this.#base, token: this.#token });
  }

  async create(wish: CreateSession): Promise<string> {
    return (await this.#client.createSession(wish)).id;
  }

  /** Opens a session with the given `fetch`, through which the caller observes the connections. */
  attach(id: string, fetchImpl: Fetch): Session {
    const client = createAgentClient({
      baseUrl: this.#base,
      token: this.#token,
      fetchImpl,
    });
    return client.attachSession(id);
  }

  /** Sends a message with an id, so that a retry cannot duplicate it. */
  async say(
    id: string,
    messageId: string,
    content: UserContent,
    delivery: MessageDelivery,
  ): Promise<void> {
    await this.send(id, { type: 'user_message', content, message_id: messageId, delivery });
  }

  async editQueued(id: string, messageId: string, content: UserContent): Promise<void> {
    await this.#call('PATCH', queuedPath(id, messageId), JSON.stringify({ content }));
  }

  async withdrawQueued(id: string, messageId: string): Promise<void> {
    await this.#call('DELETE', queuedPath(id, messageId));
  }

  /** Answers a request, with the digest of the input that the user saw. */
  reply(id: string, answer: RequestReply): Promise<void> {
    return this.send(id, answer);
  }

  /** Sends a message of another kind. */
  async send(id: string, message: InboundMessage): Promise<void> {
    const response = await this.#transport.post(
      `/sessions/${encodeURIComponent(id)}/input`,
      message,
    );
    if (!response.ok) throw readRefusal(response.status, await response.text());
  }

  async list(cursor: string | null, { q, archived }: ListFilter): Promise<SessionsPage> {
    const query = new URLSearchParams({ limit: '50', archived: String(archived) });
    if (q !== '') query.set('q', q);
    if (cursor !== null) query.set('cursor', cursor);
    return (await this.#get(`/sessions?${query}`)) as SessionsPage;
  }

  /** Returns the oldest open requests of all sessions. */
  async requests(): Promise<RequestsPage> {
    return (await this.#get('/requests?limit=100')) as RequestsPage;
  }

  /** Returns what a new session may choose. */
  async choices(): Promise<Capabilities> {
    return (await this.#get('/capabilities')) as Capabilities;
  }

  /** Returns what the host permits in a session. */
  async capabilities(id: string): Promise<SessionCapabilities> {
    const path = `/sessions/${encodeURIComponent(id)}/capabilities`;
    return (await this.#get(path)) as SessionCapabilities;
  }

  async info(id: string): Promise<SessionInfo> {
    return (await this.#get(`/sessions/${encodeURIComponent(id)}`)) as SessionInfo;
  }

  /** Sets the members of a session, if it has those that are expected. */
  async setMembers(
    id: string,
    members: readonly SessionMember[],
    expected: readonly SessionMember[],
  ): Promise<SessionInfo> {
    const path = `/sessions/${encodeURIComponent(id)}/members`;
    const body = JSON.stringify({ members, expected_members: expected });
    return (await this.#call('PUT', path, body)) as SessionInfo;
  }

  /** Changes the title, the metadata or the archive mark of a session. */
  async change(id: string, change: ChangeSession): Promise<SessionInfo> {
    const body = JSON.stringify(change);
    return (await this.#call('PATCH', `/sessions/${encodeURIComponent(id)}`, body)) as SessionInfo;
  }

  delete(id: string): Promise<void> {
    return this.#transport.delete(`/sessions/${encodeURIComponent(id)}`);
  }

  #get(path: string): Promise<unknown> {
    return this.#call('GET', path);
  }

  async #call(method: string, path: string, body?: string): Promise<unknown> {
    const headers: HeadersInit = {
      ...(this.#token && { authorization: `Bearer ${this.#token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const response = await fetch(this.#base + path, { method, headers, body: body ?? null });
    if (!response.ok) throw readRefusal(response.status, await response.text());
    return response.status === 204 ? undefined : await response.json();
  }
}

function queuedPath(id: string, messageId: string): string {
  return `/sessions/${encodeURIComponent(id)}/queue/${encodeURIComponent(messageId)}`;
}
