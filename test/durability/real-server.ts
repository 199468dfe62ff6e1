import { request } from 'node:http';
import type { CompiledSources } from '../support/compiled-sources.js';
import { Program } from '../support/program.js';

/** How many lines of the servers' output are kept for the report of a failed test. */
const KEPT_LINES = 100;

export interface Answer {
  status: number;
  body: string;
}

/**
 * One server after the other on the same storage, each in a process of its own that is ended by
 * SIGKILL alone; and how to ask whichever there is.
 */
export class RealServer {
  readonly #main: string;
  readonly #env: Record<string, string>;
  #server: Program | null = null;
  /** The last lines of the servers before it. */
  #earlierLines: string[] = [];
  #url = '';
  #isListening = false;
  #isClosed = false;
  #whenUp: (() => void)[] = [];

  /** @param env its environment, besides what every one here is given */
  constructor(sources: CompiledSources, env: Record<string, string>) {
    this.#main = sources.path('src/main.ts');
    this.#env = {
      NO_COLOR: '1',
      PORT: '0',
      AGENT_WEBKIT_NO_AUTH: '1',
      AGENT_WEBKIT_MAX_EVENTS: '1000000',
      ...env,
    };
  }

  /** Where it is, or where the last one was. */
  get url(): string {
    return this.#url;
  }

  /** Whether there is none any more, and never will be. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Resolves when it listens.
   *
   * @param before done before anybody asks it anything
   */
  async start(before: () => Promise<void> = async () => undefined): Promise<void> {
    this.#server = Program.node(this.#main, [], { env: this.#env });
    const [, url = ''] = await this.#server.says(/^Listening on (\S+)$/m);
    this.#url = url;
    await before();
    this.#isListening = true;
    this.#release();
  }

  /** The last lines that the servers wrote. */
  get lines(): readonly string[] {
    return [...this.#earlierLines, ...(this.#server?.lines ?? [])].slice(-KEPT_LINES);
  }

  /** Kills the server by SIGKILL. @throws Error when it had ended by itself */
  async kill(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#earlierLines = [...this.lines];
    this.#server = null;
    this.#isListening = false;
    if (server.status !== null) throw new Error(`The server ended by itself: ${server.status}.`);
    await server.kill();
  }

  /** Stops the process where it is until `thaw`: other servers miss it, the storage does not. */
  freeze(): void {
    this.#server?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#server?.signal('SIGCONT');
  }

  /** Resolves when there is one that listens, or never will be one again. */
  async up(): Promise<void> {
    if (this.#isListening || this.#isClosed) return;
    await new Promise<void>((resolve) => this.#whenUp.push(resolve));
  }

  /**
   * Asks as soon as there is one to ask. Null when the connection broke before the answer was
   * there, so that nobody knows what became of the request.
   *
   * @param onWritten called when the request has left this process
   * @throws Error when there is none any more
   */
  async request(
    method: string,
    path: string,
    body?: object,
    onWritten?: () => void,
  ): Promise<Answer | null> {
    await this.up();
    if (this.#isClosed) throw new Error('There is no server any more.');
    return ask(this.#url + path, { method }, body, onWritten);
  }

  /** Kills what there is, unless it has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#release();
    await this.kill().catch(() => undefined);
  }

  #release(): void {
    for (const resolve of this.#whenUp.splice(0)) resolve();
  }
}

function ask(
  url: string,
  options: { method: string },
  body: object = {},
  onWritten: () => void = () => undefined,
): Promise<Answer | null> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json' };
    // A connection of its own: one that was kept might have broken before it was used.
    const asked = request(url, { ...options, agent: false, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('close', () => {
        resolve(response.complete ? { status: response.statusCode ?? 0, body: text } : null);
      });
    });
    asked.on('error', () => resolve(null));
    asked.on('finish', onWritten);
    asked.end(options.method === 'POST' ? JSON.stringify(body) : undefined);
  });
}
