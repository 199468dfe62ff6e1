import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import type { BuiltServer } from './built-server.js';

/** How many lines are kept of what the servers said, to be told when a test fails. */
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
  /** What they said last. */
  readonly lines: string[] = [];
  readonly #main: string;
  readonly #env: Record<string, string>;
  #process: ChildProcess | null = null;
  #url = '';
  #isListening = false;
  #isClosed = false;
  #whenUp: (() => void)[] = [];

  /** @param env its environment, besides what every one here is given */
  constructor(built: BuiltServer, env: Record<string, string>) {
    this.#main = built.main;
    this.#env = {
      PATH: process.env['PATH'] ?? '',
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
    const started = spawn(process.execPath, [this.#main], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.#env,
    });
    this.#process = started;
    createInterface(started.stderr).on('line', (line) => this.#keep(line));
    const lines = createInterface(started.stdout).on('line', (line) => this.#keep(line));
    this.#url = await new Promise((resolve, reject) => {
      lines.on('line', (line) => {
        const [, url] = /^Listening on (\S+)$/.exec(line) ?? [];
        if (url) resolve(url);
      });
      started.once('exit', () => reject(new Error('The server ended before it listened.')));
    });
    await before();
    this.#isListening = true;
    this.#release();
  }

  /** @throws Error when it had ended by itself */
  async kill(): Promise<void> {
    const killed = this.#process;
    this.#process = null;
    this.#isListening = false;
    if (killed) await kill(killed);
  }

  /** Stops it where it is, until it is thawed: to others it looks gone, to the storage it does not. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
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

  #keep(line: string): void {
    this.lines.push(line);
    if (this.lines.length > KEPT_LINES) this.lines.shift();
  }
}

async function kill(server: ChildProcess): Promise<void> {
  const { exitCode, signalCode } = server;
  if (exitCode !== null || signalCode !== null) {
    throw new Error(`The server ended by itself: ${exitCode ?? signalCode}.`);
  }
  const exited = once(server, 'exit');
  server.kill('SIGKILL');
  await exited;
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
