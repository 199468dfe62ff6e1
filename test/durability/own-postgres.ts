import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { appendFile, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { eventually } from '../support/eventually.js';
import { findFreePort } from '../support/free-port.js';
import { describeNeeding } from '../support/needs.js';

const DEBIAN = '/usr/lib/postgresql';
const PROGRAMS = ['initdb', 'postgres', 'pg_dump', 'pg_restore', 'pg_basebackup'];

/** The user that runs the database, which cannot run as root. */
interface User {
  uid: number;
  gid: number;
}

export interface OwnPostgresOptions {
  /** An address to listen on besides loopback. Its network is let in without a password. */
  address?: string;
  /** More of its options, such as `['max_connections=200']`. */
  settings?: readonly string[];
}

const programs = findPrograms();
/** The user for programs that cannot run as root. Null for the current user; undefined when there is none. */
const user = findUser();

export { user as databaseUser };

/** `describe` for tests that start their own PostgreSQL server. */
export const describeOwnPostgres = describeNeeding(findMissing());

function findMissing(): string | null {
  if (!programs)
    return `The programs ${PROGRAMS.join(', ')} are neither on the PATH nor in ${DEBIAN}.`;
  if (user === undefined)
    return 'PostgreSQL does not run as root, and there is no user "postgres".';
  return null;
}

/** A PostgreSQL server of one test, which can be killed and restarted, and put back to an earlier state. */
export class OwnPostgres {
  readonly port: number;
  readonly #options: OwnPostgresOptions;
  /** The folder of the running server's data. */
  #folder: string;
  /** The folder of a backup or a standby; null while there is none. */
  #copy: string | null = null;
  #process: ChildProcess | null = null;

  private constructor(folder: string, port: number, options: OwnPostgresOptions) {
    this.#folder = folder;
    this.port = port;
    this.#options = options;
  }

  /** Creates an empty server and starts it. */
  static async start(options: OwnPostgresOptions = {}): Promise<OwnPostgres> {
    const folder = await createFolder();
    const format = ['-U', 'test', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync'];
    await run('initdb', ['-D', folder, ...format]);
    if (options.address !== undefined) {
      await appendFile(join(folder, 'pg_hba.conf'), 'host all all samenet trust\n');
    }
    const postgres = new OwnPostgres(folder, await findFreePort(), options);
    await postgres.restart();
    return postgres;
  }

  /** The URL of its database. */
  get url(): string {
    return `postgres://test@${this.#options.address ?? '127.0.0.1'}:${this.port}/postgres`;
  }

  /** Kills its main process with SIGKILL, if it runs. The other processes then end by themselves. */
  async kill(): Promise<void> {
    const killed = this.#process;
    this.#process = null;
    if (!killed) return;
    const exited = once(killed, 'exit');
    killed.kill('SIGKILL');
    await exited;
  }

  /** Starts it when the remains of the last run are gone, and waits until it accepts connections. */
  async restart(): Promise<void> {
    await eventually(() => this.#tryToRun(), Boolean, Infinity);
  }

  /** Backs up its database by `pg_dump`. */
  async dump(): Promise<void> {
    const format = ['--format=custom', '--file', join(await this.#createCopy(), 'dump')];
    await run('pg_dump', ['--dbname', this.url, ...format]);
  }

  /** Puts its database back to the last {@link dump}. */
  async load(): Promise<void> {
    const file = join(this.#copy ?? '', 'dump');
    await run('pg_restore', ['--clean', '--if-exists', '--dbname', this.url, file]);
  }

  /** Copies the folder of its data, which may be done while it does not run. */
  async copyFolder(): Promise<void> {
    await promisify(execFile)('cp', ['-a', `${this.#folder}/.`, await this.#createCopy()]);
  }

  /** Kills the server, and starts it with the files of the last {@link copyFolder}. */
  async restoreFolder(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, maxRetries: 10 });
    this.#folder = await createFolder();
    await promisify(execFile)('cp', ['-a', `${this.#copy}/.`, this.#folder]);
    await this.restart();
  }

  /** Adds a standby that has every commit until now, and none of those that follow. */
  async addStandby(): Promise<void> {
    const folder = await this.#createCopy();
    await run('pg_basebackup', ['-d', this.url, '-D', folder, '-X', 'stream', '-c', 'fast']);
  }

  /** Kills the server, and starts the standby in its place, at the same address. */
  async failOver(): Promise<void> {
    await this.kill();
    const replaced = this.#folder;
    this.#folder = this.#copy ?? replaced;
    this.#copy = replaced;
    await this.restart();
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, maxRetries: 10 });
    if (this.#copy) await rm(this.#copy, { recursive: true, maxRetries: 10 });
  }

  /** Returns an empty folder for a copy, in place of the one before. */
  async #createCopy(): Promise<string> {
    if (this.#copy) await rm(this.#copy, { recursive: true, maxRetries: 10 });
    this.#copy = await createFolder();
    return this.#copy;
  }

  async #tryToRun(): Promise<boolean> {
    const { address, settings = [] } = this.#options;
    const addresses = ['127.0.0.1', ...(address === undefined ? [] : [address])];
    const listen = [`port=${this.port}`, `listen_addresses=${addresses.join(',')}`, ...settings];
    const options = listen.flatMap((setting) => ['-c', setting]);
    const child = spawn(program('postgres'), ['-D', this.#folder, '-k', this.#folder, ...options], {
      ...user,
      stdio: ['ignore', 'ignore', 'pipe'],
      // Its output is read below.
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
    // Used by the processes of the previous run.
    else if (!lines.some((line) => line.includes('still in use'))) {
      throw new Error(`The database does not start: ${lines.join(' ')}`);
    }
    return isRunning;
  }
}

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-webkit-postgres-'));
  if (user) await chown(folder, user.uid, user.gid);
  return folder;
}

/** Runs a program of PostgreSQL to its end. @throws Error when it fails */
async function run(name: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(program(name), [...args], { ...user });
}

function findPrograms(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  return [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
  ].find((folder) => PROGRAMS.every((name) => existsSync(join(folder, name))));
}

function program(name: string): string {
  return join(programs ?? '', name);
}

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
