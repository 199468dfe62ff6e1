import { randomBytes } from 'node:crypto';
import { backoff } from '../../engine/timing/backoff.js';
import { type Database, queryOn } from './database.js';
import { PostgresError } from './postgres-error.js';
import type { PostgresClient } from './postgres-pool.js';

const PROBE_MS = 30_000;

/**
 * The sign that this server lives: an advisory lock of the database, under a number of its own, held
 * by one connection that serves nothing else. When the server ends, by whatever signal, the database
 * sees the connection end, and the lock is gone; in the meantime nothing is written.
 *
 * It is *held*, or it is *lost*: the connection broke, and another one is tried for with growing
 * pauses until one has the lock again, under the same number. While it is lost others may take this
 * server for gone and claim its sessions, which fences it off from those. `open` holds it for the
 * first time, `close` gives it back for good.
 */
export class ServerLock {
  /** The lock's number, a positive bigint in decimal. */
  readonly number = createNumber();
  readonly #database: Database;
  readonly #probeMs: number;
  #held: PostgresClient | null = null;
  /** The next probe, or the next try. */
  #timer: NodeJS.Timeout | undefined;
  /** The try under way. */
  #taking: Promise<void> = Promise.resolve();
  #isClosed = false;

  /**
   * @param probeMs how often the connection is tried: one that was cut off looks like one on which
   *   nothing happens
   */
  constructor(database: Database, probeMs = PROBE_MS) {
    this.#database = database;
    this.#probeMs = probeMs;
  }

  get isHeld(): boolean {
    return this.#held !== null;
  }

  async open(): Promise<void> {
    const taking = this.#take();
    this.#taking = taking.catch(() => undefined);
    await taking;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#taking;
    clearTimeout(this.#timer);
    const client = this.#held;
    if (!client) return;
    try {
      // Otherwise others would see it until the database has noticed that the connection ended.
      await this.#query(client, 'select pg_advisory_unlock($1)', [this.number]);
    } catch {
      // The connection is broken, and the lock gone with it.
    }
    if (this.#held) this.#end(client);
  }

  async #take(): Promise<void> {
    if (this.#isClosed) throw new PostgresError('The storage was closed.');
    const client = await this.#database.connect(this.#onError);
    try {
      // Should this machine vanish, nobody tells the database; without these it waits for two hours.
      await this.#query(
        client,
        'set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3',
      );
      await this.#lock(client);
    } catch (error) {
      this.#end(client);
      throw error;
    }
    this.#held = client;
    this.#probeLater(client);
  }

  async #lock(client: PostgresClient): Promise<void> {
    const [row] = await this.#query<{ is_taken: string }>(
      client,
      'select pg_try_advisory_lock($1) as is_taken',
      [this.number],
    );
    if (row?.is_taken === 't') return;
    throw new PostgresError('The database has not noticed yet that the last connection broke.');
  }

  #probeLater(client: PostgresClient): void {
    this.#timer = setTimeout(() => void this.#probe(client), this.#probeMs);
    this.#timer.unref();
  }

  async #probe(client: PostgresClient): Promise<void> {
    try {
      await this.#query(client, 'select 1');
      if (this.#held === client && !this.#isClosed) this.#probeLater(client);
    } catch {
      // Whatever it was, a connection that does not answer is none.
      if (this.#held === client) this.#lose(client);
    }
  }

  /** An error while the lock is being taken rejects the query that runs, which is enough. */
  readonly #onError = (): void => {
    if (this.#held) this.#lose(this.#held);
  };

  #lose(client: PostgresClient): void {
    clearTimeout(this.#timer);
    this.#end(client);
    this.#retryLater(backoff());
  }

  #retryLater(delays: Generator<number, never>): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      if (this.#isClosed) return;
      this.#taking = this.#take().catch(() => this.#retryLater(delays));
    }, delays.next().value);
    this.#timer.unref();
  }

  #end(client: PostgresClient): void {
    this.#held = null;
    client.removeListener('error', this.#onError);
    client.release(true);
  }

  #query<R extends Record<string, string>>(
    client: PostgresClient,
    text: string,
    values?: unknown[],
  ): Promise<R[]> {
    return queryOn(client, this.#database.timeoutMs)<R>(text, values);
  }
}

/** Random, because the numbers of advisory locks are one space for everybody in the database. */
function createNumber(): string {
  return BigInt.asUintN(63, randomBytes(8).readBigUInt64BE()).toString();
}
