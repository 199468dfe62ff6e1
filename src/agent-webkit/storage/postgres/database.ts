import { TIMED_OUT, within } from '../../engine/timing/within.js';
import { PostgresError } from './postgres-error.js';
import { toFault } from './postgres-fault.js';
import type { PostgresClient, PostgresPool } from './postgres-pool.js';

/** A row. Each value is the text of PostgreSQL, or null. */
export type Row = Readonly<Record<string, string | null>>;

/** Runs a statement. Without values, the text may contain several statements, separated by semicolons. */
export type Query = <R extends Row>(text: string, values?: unknown[]) => Promise<R[]>;

// A host may have changed how pg parses a type in the whole process. Here, every value is text.
const AS_TEXT = { getTypeParser: () => (value: string) => value };

/** The SQLSTATE of a statement that reached its `statement_timeout`. */
const QUERY_CANCELED = '57014';

/**
 * A pool of connections with a timeout for every response. A connection on which a query failed is
 * not reused: an open transaction ends with it.
 *
 * The database has the same limit, by its `statement_timeout`, and so ends a statement whose response
 * nothing waits for any more. Connections that this process owns have the setting. Those of a host's pool,
 * and of a pooler in the mode `transaction`, keep their settings: there, each statement is a transaction
 * that sets it for itself, which costs two more round trips.
 */
export class Database {
  readonly timeoutMs: number;
  readonly #pool: PostgresPool;
  readonly #ownsConnections: boolean;
  /** The owned connections that have their settings. */
  readonly #configured = new WeakSet<PostgresClient>();

  /**
   * @param timeoutMs how long to wait for a connection, and then for a response
   * @param ownsConnections true when each connection of the pool is a session of the database that only this
   *   pool uses
   */
  constructor(pool: PostgresPool, timeoutMs: number, { ownsConnections = false } = {}) {
    this.#pool = pool;
    this.#ownsConnections = ownsConnections;
    this.timeoutMs = timeoutMs;
  }

  /** Runs one statement in its own transaction. */
  readonly query: Query = (text, values) => {
    return this.#ownsConnections
      ? this.#use(this.timeoutMs, (query) => query(text, values))
      : this.transaction((query) => query(text, values));
  };

  /**
   * Runs several statements in one transaction, in which each statement sees what others have
   * committed before it.
   *
   * @param timeoutMs how long one statement may take
   */
  transaction<T>(work: (query: Query) => Promise<T>, timeoutMs = this.timeoutMs): Promise<T> {
    return this.#use(timeoutMs, async (query) => {
      // If this server is disconnected, the database ends the transaction and its locks.
      await query(
        'begin isolation level read committed; ' +
          `set local statement_timeout = ${timeoutMs}; ` +
          `set local idle_in_transaction_session_timeout = ${timeoutMs}`,
      );
      const result = await work(query);
      await query('commit');
      return result;
    });
  }

  /**
   * Takes a connection for a longer time. The caller removes its listener and releases the connection.
   *
   * @param onError the listener for errors, which takes over from the pool's own without a gap: an
   *   error event without a listener would end the process
   */
  async connect(onError: (error: Error) => void): Promise<PostgresClient> {
    const connecting = this.#acquire(onError);
    const client = await within(this.timeoutMs, connecting);
    if (client !== TIMED_OUT) return client;
    connecting.then(
      (late) => giveBack(late, onError),
      () => undefined,
    );
    throw new PostgresError(
      `No connection to PostgreSQL was available within ${this.timeoutMs} ms.`,
    );
  }

  /** Connects with a callback: code after a promise would run too late for an error that follows at once. */
  #acquire(onError: (error: Error) => void): Promise<PostgresClient> {
    return new Promise((resolve, reject) => {
      this.#pool.connect((error, client) => {
        if (!client) return reject(error ?? new PostgresError('The pool returned no connection.'));
        client.on('error', onError);
        resolve(client);
      });
    });
  }

  async #configure(client: PostgresClient): Promise<void> {
    if (this.#configured.has(client)) return;
    await queryOn(client, this.timeoutMs)(connectionSettings(this.timeoutMs));
    this.#configured.add(client);
  }

  async #use<T>(timeoutMs: number, work: (query: Query) => Promise<T>): Promise<T> {
    let isBroken = false;
    const onError = () => {
      isBroken = true; // the query that runs rejects by itself
    };
    const client = await this.connect(onError).catch((error: unknown) => {
      throw toFault(error);
    });
    try {
      if (this.#ownsConnections) await this.#configure(client);
      return await work(queryOn(client, timeoutMs));
    } catch (error) {
      isBroken = true;
      throw toFault(error);
    } finally {
      giveBack(client, onError, isBroken);
    }
  }
}

/** Returns the statements that bound a connection which this process alone uses, on the side of the database. */
export function connectionSettings(timeoutMs: number): string {
  // If this machine disappears, the database is not notified. By default, it would wait two hours.
  return (
    `set statement_timeout = ${timeoutMs}; ` +
    'set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3'
  );
}

function giveBack(client: PostgresClient, onError: (error: Error) => void, isBroken = false): void {
  client.removeListener('error', onError);
  client.release(isBroken);
}

/** Returns a function that runs queries on one connection, one after the other. */
export function queryOn(client: PostgresClient, timeoutMs: number): Query {
  return async <R extends Row>(text: string, values?: unknown[]) => {
    const query = client.query({ text, types: AS_TEXT, ...(values && { values }) });
    const answer = await within(timeoutMs, query).catch((error: unknown) => {
      throw isCanceled(error) ? timedOut(timeoutMs) : error;
    });
    if (answer === TIMED_OUT) throw timedOut(timeoutMs);
    return answer.rows as R[];
  };
}

function timedOut(timeoutMs: number): PostgresError {
  return new PostgresError(`PostgreSQL did not respond within ${timeoutMs} ms.`);
}

function isCanceled(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === QUERY_CANCELED;
}
