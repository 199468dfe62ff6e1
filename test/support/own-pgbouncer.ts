import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { databaseUser } from '../durability/own-postgres.js';
import { eventually } from './eventually.js';
import { findFreePort } from './free-port.js';
import { Program } from './program.js';

/** Debian installs it where only the PATH of root leads to. */
const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
const program = FOLDERS.map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path));

/** Why no PgBouncer can be started on this machine; null when one can. For `describeNeeding`. */
export const missingPgBouncer: string | null =
  program === undefined
    ? 'There is no pgbouncer on the PATH.'
    : databaseUser === undefined
      ? 'PgBouncer does not run as root, and there is no user "postgres".'
      : null;

/** A PgBouncer of one test in transaction mode, in front of a PostgreSQL server on loopback. */
export class OwnPgBouncer {
  readonly #folder: string;
  readonly #port: number;
  readonly #program: Program;

  private constructor(folder: string, port: number, running: Program) {
    this.#folder = folder;
    this.#port = port;
    this.#program = running;
  }

  /**
   * Starts one, and waits until it accepts connections.
   *
   * @param port that of the PostgreSQL server, whose user `test` is let in without a password
   * @param poolSize the maximum number of connections to it
   */
  static async start(port: number, poolSize = 10): Promise<OwnPgBouncer> {
    if (program === undefined) throw new Error(missingPgBouncer ?? '');
    const folder = await mkdtemp(join(tmpdir(), 'agent-webkit-pgbouncer-'));
    const own = await findFreePort();
    const file = join(folder, 'pgbouncer.ini');
    await writeFile(
      file,
      [
        '[databases]',
        `* = host=127.0.0.1 port=${port} user=test`,
        '[pgbouncer]',
        'listen_addr = 127.0.0.1',
        `listen_port = ${own}`,
        'unix_socket_dir =',
        'auth_type = any',
        'pool_mode = transaction',
        `default_pool_size = ${poolSize}`,
        '',
      ].join('\n'),
    );
    if (databaseUser) {
      await chown(folder, databaseUser.uid, databaseUser.gid);
      await chown(file, databaseUser.uid, databaseUser.gid);
    }
    const running = new Program(program, [...(databaseUser ? ['-u', 'postgres'] : []), file]);
    await eventually(() => running.status !== null || accepts(own));
    if (running.status !== null) {
      throw new Error(`PgBouncer does not start: ${running.output}`);
    }
    return new OwnPgBouncer(folder, own, running);
  }

  /** The URL of the database through it. */
  get url(): string {
    return `postgres://test@127.0.0.1:${this.#port}/postgres`;
  }

  /** Returns the URL of another database through it. */
  urlOf(database: string): string {
    return `postgres://test@127.0.0.1:${this.#port}/${database}`;
  }

  async remove(): Promise<void> {
    await this.#program.kill();
    await rm(this.#folder, { recursive: true });
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
