import { randomUUID } from 'node:crypto';
import { type Answer, ask } from '../support/ask.js';
import type { RealServer } from '../durability/real-server.js';
import { SseClient, type SseEvent } from '../support/sse-client.js';

/** How long a request may take, in milliseconds. */
const LIMIT_MS = 20_000;

export interface ClientOptions {
  /** Its bearer token; null where the servers need none. */
  token?: string | null;
}

/** A client of several servers, which names the server of each request. */
export class Client {
  readonly #headers: Readonly<Record<string, string>>;
  readonly #streams: SseClient[] = [];

  constructor({ token = null }: ClientOptions = {}) {
    this.#headers = token === null ? {} : { authorization: `Bearer ${token}` };
  }

  /** @throws Error when there is no response in time */
  async ask(
    server: RealServer,
    method: string,
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const answer = await ask(server.url + path, {
      method,
      body,
      headers: { ...this.#headers, ...headers },
      timeoutMs: LIMIT_MS,
    });
    if (!answer) throw new Error(`No response to ${method} ${path} of ${server.url}.`);
    return answer;
  }

  /** Creates a session, and returns its id. @throws Error when it is refused */
  async create(server: RealServer, body: object = {}): Promise<string> {
    const wish = { include_partial_messages: true, ...body };
    const answer = await this.ask(server, 'POST', '/sessions', wish);
    if (answer.status !== 200) throw new Error(`No session: ${answer.status} ${answer.body}`);
    const { session_id } = JSON.parse(answer.body) as { session_id: string };
    return session_id;
  }

  /** Sends a message to a session. */
  input(server: RealServer, id: string, message: object): Promise<Answer> {
    return this.ask(server, 'POST', `/sessions/${id}/input`, message);
  }

  /** Sends a user message. */
  say(server: RealServer, id: string, content: string, messageId = randomUUID()): Promise<Answer> {
    return this.input(server, id, { type: 'user_message', content, message_id: messageId });
  }

  async follow(server: RealServer, id: string, after?: number): Promise<SseClient> {
    const cursor = after === undefined ? {} : { 'last-event-id': String(after) };
    const stream = await SseClient.open(`${server.url}/sessions/${id}/stream`, {
      ...this.#headers,
      ...cursor,
    });
    this.#streams.push(stream);
    return stream;
  }

  /** Returns the stored events of a session. */
  async events(server: RealServer, id: string): Promise<SseEvent[]> {
    const { body } = await this.ask(server, 'GET', `/sessions/${id}/events`);
    return (JSON.parse(body) as { events: SseEvent[] }).events;
  }

  /** Closes its streams. */
  close(): void {
    for (const stream of this.#streams) stream.close();
  }
}

/** Returns how many events have a name. */
export function count(events: readonly SseEvent[], name: string): number {
  return events.filter(({ event }) => event === name).length;
}
