import { type Answer, ask } from '../support/ask.js';
import type { CompiledSources } from '../support/compiled-sources.js';
import { Program } from '../support/program.js';
import type { Target } from './target.js';

/** The number of lines of server output for the report of a failed test. */
const KEPT_LINES = 100;

/** The host of the processes of a server. */
export interface Host {
  /** Returns the command that runs a program there. */
  command(program: string, args: readonly string[]): readonly [string, ...string[]];
}

const THIS_HOST: Host = { command: (program, args) => [program, ...args] };

/**
 * One server after the other on the same storage, each in a separate process that is ended with
 * SIGKILL unless a test says otherwise, and a way to send requests to the current one.
 */
export class RealServer implements Target {
  readonly headers = {};
  readonly #main: string;
  readonly #env: Record<string, string>;
  readonly #host: Host;
  #server: Program | null = null;
  /** The last lines of the previous servers. */
  #earlierLines: string[] = [];
  #url = '';
  #isListening = false;
  #isClosed = false;
  #whenUp: (() => void)[] = [];

  /** @param env the environment, in addition to that of every server here */
  constructor(sources: CompiledSources, env: Record<string, string>, host = THIS_HOST) {
    this.#host = host;
    this.#main = sources.path('src/main.ts');
    this.#env = {
      NO_COLOR: '1',
      PORT: '0',
      AGENT_WEBKIT_NO_AUTH: '1',
      AGENT_WEBKIT_MAX_EVENTS: '1000000',
      ...env,
    };
  }

  /** The URL of the current server, or of the last one. */
  get url(): string {
    return this.#url;
  }

  /** Returns the URL of the current server. */
  nextUrl(): string {
    return this.#url;
  }

  /** True while a server listens, as far as this process knows. */
  get isListening(): boolean {
    return this.#isListening;
  }

  /** True when no server runs and none will be started. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Resolves when it listens.
   *
   * @param before called before any request is sent to it
   */
  async start(before: () => Promise<void> = async () => undefined): Promise<void> {
    const [command, ...args] = this.#host.command(process.execPath, [this.#main]);
    this.#server = new Program(command, args, { env: this.#env });
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

  /** Kills the server with SIGKILL. @throws Error when it has ended by itself */
  async kill(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#earlierLines = [...this.lines];
    this.#server = null;
    this.#isListening = false;
    if (server.status !== null) throw new Error(`The server ended by itself: ${server.status}.`);
    await server.kill();
  }

  /**
   * Sends SIGTERM. Resolves to the status with which the server exits, or the signal that ended it.
   * Requests are sent to it until then.
   */
  async stop(): Promise<number | NodeJS.Signals | null> {
    const server = this.#server;
    if (!server) return null;
    server.signal('SIGTERM');
    const status = await server.ended();
    if (this.#server === server) {
      this.#earlierLines = [...this.lines];
      this.#server = null;
      this.#isListening = false;
    }
    return status;
  }

  /** Sends a signal to the current server. */
  signal(name: NodeJS.Signals): void {
    this.#server?.signal(name);
  }

  /** Suspends the process until `thaw`: its connections to the storage remain open. */
  freeze(): void {
    this.#server?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#server?.signal('SIGCONT');
  }

  /** Resolves when a server listens, or when none will be started. */
  async up(): Promise<void> {
    if (this.#isListening || this.#isClosed) return;
    await new Promise<void>((resolve) => this.#whenUp.push(resolve));
  }

  /**
   * Sends a request as soon as a server listens. Returns null when the connection broke before the
   * response, so that the outcome of the request is unknown.
   *
   * @param onWritten called when the request has left this process
   * @throws Error when no server will be started
   */
  async request(
    method: string,
    path: string,
    body?: object,
    onWritten?: () => void,
  ): Promise<Answer | null> {
    await this.up();
    if (this.#isClosed) throw new Error('There is no server any more.');
    return ask(this.#url + path, { method, body, onWritten });
  }

  /** Kills the current server, unless it has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#release();
    await this.kill().catch(() => undefined);
  }

  #release(): void {
    for (const resolve of this.#whenUp.splice(0)) resolve();
  }
}
