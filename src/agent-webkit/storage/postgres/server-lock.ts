import { randomBytes } from 'node:crypto';
import { backoff } from '../../engine/timing/backoff.js';
import { TIMED_OUT, within } from '../../engine/timing/within.js';
import { connectionSettings, type Database, queryOn } from './database.js';
import { PostgresError } from './postgres-error.js';
import type { PostgresClient } from './postgres-pool.js';

const PROBE_MS = 30_000;
/** How long the release of the lock may wait for the database, for each of its two steps. */
const CLOSE_STEP_MS = 500;

/**
 * The lock that shows that this server runs: an advisory lock of the database with a number of its
 * own, held by a dedicated connection. When the server ends, whatever the signal, the database closes
 * the connection and releases the lock. No periodic write is needed.
 *
 * The lock is *held* or *lost*. It is lost when the connection breaks; the server then tries to take
 * it again, with the same number and a growing delay. Meanwhile other servers may consider this one
 * gone and claim its sessions, which fences it off from them. `open` takes the lock for the first
 * time, `close` releases it permanently.
 */
export class ServerLock {
  /** The number of the lock, a positive bigint in decimal. */
  readonly number = createNumber();
  readonly #database: Database;
  readonly #probeMs: number;
  #held: PostgresClient | null = null;
  /** The timer of the next probe or the next attempt. */
  #timer: NodeJS.Timeout | undefined;
  /** The attempt in progress. */
  #taking: Promise<void> = Promise.resolve();
  #isClosed = false;
  /** True when it was closed while an attempt did not end. */
  #isAbandoned = false;

  /**
   * @param probeMs how often the connection is probed: a broken one may look like an idle one
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
    const taken = await within(CLOSE_STEP_MS, this.#taking);
    this.#isAbandoned = taken === TIMED_OUT;
    clearTimeout(this.#timer);
    const client = this.#held;
    if (!client) return;
    try {
      // Otherwise it would stay visible until the database notices that the connection has ended.
      const unlock = this.#query(client, 'select pg_advisory_unlock($1)', [this.number]);
      await within(CLOSE_STEP_MS, unlock);
    } catch {
      // The connection is broken, and the lock is released with it.
    }
    if (this.#held) this.#end(client);
  }

  async #take(): Promise<void> {
    if (this.#isClosed) throw new PostgresError('The storage is closed.');
    const client = await this.#database.connect(this.#onError);
    try {
      // The connection is not reused, so the pool of a host does not get it back with these settings.
      await this.#query(client, connectionSettings(this.#database.timeoutMs));
      await this.#lock(client);
      if (this.#isAbandoned) throw new PostgresError('The storage is closed.');
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
    throw new PostgresError(
      'The server lock is still held by the previous connection of this server. Retrying.',
    );
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
      // Whatever the error, a connection that does not respond counts as lost.
      if (this.#held === client) this.#lose(client);
    }
  }

  /** An error while the lock is being taken also rejects the running query, which is handled. */
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

/** Returns a random number, because all clients of a database share the numbers of advisory locks. */
function createNumber(): string {
  return BigInt.asUintN(63, randomBytes(8).readBigUInt64BE()).toString();
}
