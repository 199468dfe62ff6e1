import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { HostFolder } from '../docs/host-folder.js';
import { findFreePort } from '../support/free-port.js';
import { Program } from '../support/program.js';

export interface DeliveredEvent {
  id: number;
  event: string;
  data: { delta?: { text?: string } };
}

/** A server on one port and one SQLite file, which is ended by SIGKILL and started again. */
export class RestartableServer {
  readonly #script: string;
  readonly #env: Record<string, string>;
  readonly #headers: Record<string, string>;
  readonly url: string;
  #program: Program | null = null;

  private constructor(
    script: string,
    env: Record<string, string>,
    headers: Record<string, string>,
    url: string,
  ) {
    this.#script = script;
    this.#env = env;
    this.#headers = headers;
    this.url = url;
  }

  /** @param headers sent with every request of the test */
  static async start(
    host: HostFolder,
    script: string,
    env: Record<string, string>,
    headers: Record<string, string>,
  ): Promise<RestartableServer> {
    const port = String(await findFreePort());
    const storage = `file:${host.path}/sessions-${port}.db`;
    const server = new RestartableServer(
      script,
      { PORT: port, AGENT_WEBKIT_WORKSPACE: host.path, AGENT_WEBKIT_STORAGE: storage, ...env },
      headers,
      `http://127.0.0.1:${port}`,
    );
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    this.#program = Program.node(this.#script, [], { env: this.#env });
    await this.#program.says(/Listening on/);
  }

  async kill(): Promise<void> {
    await this.#program?.kill();
    this.#program = null;
  }

  async createSession(): Promise<string> {
    const created = await this.#request('POST', '/sessions', { include_partial_messages: true });
    return (JSON.parse(created) as { session_id: string }).session_id;
  }

  say(session: string, content: string): Promise<string> {
    return this.#request('POST', `/sessions/${session}/input`, { type: 'user_message', content });
  }

  delete(session: string): Promise<string> {
    return this.#request('DELETE', `/sessions/${session}`);
  }

  async events(session: string): Promise<DeliveredEvent[]> {
    const page = await this.#request('GET', `/sessions/${session}/events`);
    return (JSON.parse(page) as { events: DeliveredEvent[] }).events;
  }

  async info(session: string): Promise<{ state: string; subscribers: number }> {
    const info = await this.#request('GET', `/sessions/${session}`);
    return JSON.parse(info) as { state: string; subscribers: number };
  }

  // Not `fetch`, which a test cannot let send the headers of a browser.
  async #request(method: string, path: string, body?: object): Promise<string> {
    const headers = { 'content-type': 'application/json', ...this.#headers };
    const asked = request(this.url + path, { method, headers, agent: false });
    asked.end(body && JSON.stringify(body));
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    const answer = await text(response);
    if (Number(response.statusCode) >= 300) throw new Error(`${method} ${path}: ${answer}`);
    return answer;
  }
}
