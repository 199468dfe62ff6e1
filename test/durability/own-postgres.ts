import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { eventually } from '../support/eventually.js';
import { findFreePort } from '../support/free-port.js';
import { describeNeeding } from '../support/needs.js';

const DEBIAN = '/usr/lib/postgresql';

/** Who runs the database: it refuses to be run by root. */
interface User {
  uid: number;
  gid: number;
}

const programs = findPrograms();
const user = findUser();

/** `describe` for tests that start a PostgreSQL server of their own. */
export const describeOwnPostgres = describeNeeding(findMissing());

function findMissing(): string | null {
  if (!programs)
    return 'There is no initdb and no postgres, neither on the PATH nor in /usr/lib/postgresql.';
  if (user === undefined)
    return 'PostgreSQL does not run as root, and there is no user "postgres".';
  return null;
}

/** A PostgreSQL server of a test's own, to be killed and started again. */
export class OwnPostgres {
  readonly #folder: string;
  readonly #port: number;
  #process: ChildProcess | null = null;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  /** Makes an empty one, and starts it. */
  static async start(): Promise<OwnPostgres> {
    const folder = await mkdtemp(join(tmpdir(), 'agent-webkit-postgres-'));
    if (user) await chown(folder, user.uid, user.gid);
    const options = ['-U', 'test', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync'];
    await promisify(execFile)(program('initdb'), ['-D', folder, ...options], { ...user });
    const postgres = new OwnPostgres(folder, await findFreePort());
    await postgres.restart();
    return postgres;
  }

  /** Where its database is. */
  get url(): string {
    return `postgres://test@127.0.0.1:${this.#port}/postgres`;
  }

  /** Kills it, if it runs: its main process by SIGKILL, upon which the others end by themselves. */
  async kill(): Promise<void> {
    const killed = this.#process;
    this.#process = null;
    if (!killed) return;
    const exited = once(killed, 'exit');
    killed.kill('SIGKILL');
    await exited;
  }

  /** Starts it, once what was left of the last one is gone, and waits until it takes connections. */
  async restart(): Promise<void> {
    await eventually(() => this.#tryToRun(), Boolean, Infinity);
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, maxRetries: 10 });
  }

  async #tryToRun(): Promise<boolean> {
    const listen = ['-p', String(this.#port), '-c', 'listen_addresses=127.0.0.1'];
    const child = spawn(program('postgres'), ['-D', this.#folder, '-k', this.#folder, ...listen], {
      ...user,
      stdio: ['ignore', 'ignore', 'pipe'],
      // What it says is read below.
      env: { LC_MESSAGES: 'C' },
    });
    const lines: string[] = [];
    const isRunning = await new Promise<boolean>((resolve) => {
      child.once('close', () => resolve(false));
      createInterface(child.stderr).on('line', (line) => {
        lines.push(line);
        if (line.includes('ready to accept connections')) resolve(true);
      });
    });
    if (isRunning) this.#process = child;
    // By the processes that were there before it.
    else if (!lines.some((line) => line.includes('still in use'))) {
      throw new Error(`The database does not start: ${lines.join(' ')}`);
    }
    return isRunning;
  }
}

function findPrograms(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  return [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
  ].find((folder) => ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))));
}

function program(name: string): string {
  return join(programs ?? '', name);
}

/** Null for whoever runs the tests; undefined when there is nobody. */
function findUser(): User | null | undefined {
  if (process.getuid?.() !== 0) return null;
  try {
    return { uid: readId('-u'), gid: readId('-g') };
  } catch {
    return undefined;
  }
}

function readId(option: string): number {
  const told = execFileSync('id', [option, 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] });
  return Number(told);
}
