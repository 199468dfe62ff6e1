import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findFreePort } from './free-port.js';
import { describeNeeding } from './needs.js';

/** `describe` for tests that start their own Redis server. */
export const describeOwnRedis = describeNeeding(findMissing());

function findMissing(): string | null {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'There is no redis-server on the PATH.';
  }
}

/** A Redis server of one test, which stores nothing. */
export class OwnRedis {
  readonly port: number;
  readonly #folder: string;
  readonly #options: readonly string[];
  #process: ChildProcess | null = null;

  private constructor(folder: string, port: number, options: readonly string[]) {
    this.#folder = folder;
    this.port = port;
    this.#options = options;
  }

  /** Starts a server. @param options more of its options, such as `['--requirepass', 'secret']` */
  static async start(...options: readonly string[]): Promise<OwnRedis> {
    const folder = await mkdtemp(join(tmpdir(), 'agent-webkit-redis-'));
    const redis = new OwnRedis(folder, await findFreePort(), options);
    await redis.restart();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Kills it with SIGKILL, if it runs. */
  async kill(): Promise<void> {
    const killed = this.#process;
    this.#process = null;
    if (!killed) return;
    const exited = once(killed, 'exit');
    killed.kill('SIGKILL');
    await exited;
  }

  /** Stops it where it is, or lets it continue: `SIGSTOP` or `SIGCONT`. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.kill(signal);
  }

  /** Starts it after {@link kill}, and waits until it accepts connections. Does nothing while it runs. */
  async restart(): Promise<void> {
    if (this.#process) return;
    const address = ['--port', String(this.port), '--bind', '127.0.0.1'];
    const child = spawn(
      'redis-server',
      [...address, '--save', '', '--appendonly', 'no', '--dir', this.#folder, ...this.#options],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      const lines: string[] = [];
      child.once('close', () =>
        reject(new Error(`redis-server does not start: ${lines.join('\n')}`)),
      );
      createInterface(child.stdout).on('line', (line) => {
        lines.push(line);
        if (line.includes('Ready to accept connections')) resolve();
      });
    });
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, maxRetries: 10 });
  }
}
