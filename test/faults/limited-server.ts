import { Agent, request } from 'node:http';
import type { CompiledSources } from '../support/compiled-sources.js';
import { Program } from '../support/program.js';
import { SseClient } from '../support/sse-client.js';

const HOLD = new URL('hold-descriptors.mjs', import.meta.url).href;

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** The standalone server in a process of its own, whose limits the operating system enforces. */
export class LimitedServer {
  readonly program: Program;
  url = '';
  /** One connection for all requests: without a descriptor, the server could not accept another one. */
  readonly #connection = new Agent({ keepAlive: true, maxSockets: 1 });

  private constructor(program: Program) {
    this.program = program;
  }

  /**
   * Starts it and resolves when it listens.
   *
   * @param wrapper a program that starts another one with limits, such as `['prlimit', '--nofile=200']`
   */
  static async start(
    sources: CompiledSources,
    env: Record<string, string>,
    [wrapper, ...args]: readonly [string, ...string[]],
  ): Promise<LimitedServer> {
    const main = sources.path('src/main.ts');
    const node = [process.execPath, '--import', HOLD, main];
    const server = new LimitedServer(
      new Program(wrapper, [...args, ...node], {
        env: { NO_COLOR: '1', PORT: '0', AGENT_WEBKIT_NO_AUTH: '1', ...env },
      }),
    );
    const [, url = ''] = await server.program.says(/^Listening on (\S+)$/m);
    server.url = url;
    // Body parsers read files for the first body.
    await server.ask('POST', '/sessions', { cwd: 5 });
    return server;
  }

  /** Leaves the server only so many file descriptors. */
  async hold(left: number): Promise<void> {
    await this.ask('GET', '/sessions');
    const confirmed = this.program.nextLine('hold confirmed');
    this.program.write(`hold ${left}\n`);
    await confirmed;
  }

  /** Gives the file descriptors back. */
  async release(): Promise<void> {
    const confirmed = this.program.nextLine('release confirmed');
    this.program.write('release\n');
    await confirmed;
  }

  stream(id: string): Promise<SseClient> {
    return SseClient.open(`${this.url}/sessions/${id}/stream`);
  }

  send(id: string, content: string): Promise<Answer> {
    return this.ask('POST', `/sessions/${id}/input`, { type: 'user_message', content });
  }

  /** Sends a request over the one connection. */
  ask(method: string, path: string, body: object = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const options = { method, headers, agent: this.#connection };
      const asked = request(this.url + path, options, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('error', reject);
        response.on('end', () => {
          const parsed = text === '' ? {} : (JSON.parse(text) as Answer['body']);
          resolve({ status: response.statusCode ?? 0, body: parsed });
        });
      });
      asked.on('error', (error) => {
        reject(new Error(`${error.message}\n${this.program.lines.slice(-30).join('\n')}`));
      });
      asked.end(method === 'POST' ? JSON.stringify(body) : undefined);
    });
  }

  async close(): Promise<void> {
    this.#connection.destroy();
    await this.program.end();
  }
}
