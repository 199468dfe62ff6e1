import { type AgentClient, createAgentClient, type Session, Transport } from '@agent-webkit/core';
import type { SessionInfo, SessionsPage } from '../../../src/agent-webkit/protocol/answers.js';
import type { UserContent } from '../../../src/agent-webkit/protocol/events.js';
import type { CreateSession } from '../../../src/agent-webkit/protocol/inbound.js';
import { readRefusal } from './words.js';

type Fetch = typeof fetch;

/** The server's sessions, by the published client; what it does not know goes beside it. */
export class AgentApi {
  readonly #base: string;
  readonly #token: string | undefined;
  readonly #client: AgentClient;
  readonly #transport: Transport;

  constructor(base: string, token: string | null) {
    this.#base = base.replace(/\/+$/, '');
    this.#token = token ?? undefined;
    const options = { baseUrl: this.#base, token: this.#token };
    this.#client = createAgentClient(options);
    this.#transport = new Transport(options);
  }

  async create(wish: CreateSession): Promise<string> {
    return (await this.#client.createSession(wish)).id;
  }

  /** A session, followed through a `fetch` of the caller's, who so sees its connections. */
  attach(id: string, fetchImpl: Fetch): Session {
    const client = createAgentClient({
      baseUrl: this.#base,
      token: this.#token,
      fetchImpl,
    });
    return client.attachSession(id);
  }

  /** With an id of ours, so that sending it again cannot say it twice. */
  async say(id: string, messageId: string, content: UserContent): Promise<void> {
    const message = { type: 'user_message', content, message_id: messageId };
    const response = await this.#transport.post(
      `/sessions/${encodeURIComponent(id)}/input`,
      message,
    );
    if (!response.ok) throw readRefusal(response.status, await response.text());
  }

  async list(cursor: string | null): Promise<SessionsPage> {
    const query = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    return (await this.#get(`/sessions?limit=50${query}`)) as SessionsPage;
  }

  async info(id: string): Promise<SessionInfo> {
    return (await this.#get(`/sessions/${encodeURIComponent(id)}`)) as SessionInfo;
  }

  delete(id: string): Promise<void> {
    return this.#transport.delete(`/sessions/${encodeURIComponent(id)}`);
  }

  async #get(path: string): Promise<unknown> {
    const headers: HeadersInit = this.#token ? { authorization: `Bearer ${this.#token}` } : {};
    const response = await fetch(this.#base + path, { headers });
    if (!response.ok) throw readRefusal(response.status, await response.text());
    return await response.json();
  }
}
