import { TIMED_OUT, within } from '../../engine/timing/within.js';
import { PostgresError } from './postgres-error.js';
import type { PostgresClient, PostgresPool } from './postgres-pool.js';

/** A row: each value as PostgreSQL writes it, and null. */
export type Row = Readonly<Record<string, string | null>>;

/** Runs one statement. With values it is one statement, without it may be several, divided by semicolons. */
export type Query = <R extends Row>(text: string, values?: unknown[]) => Promise<R[]>;

// A host may have changed how pg parses a type, for all of its process: here every value is text.
const AS_TEXT = { getTypeParser: () => (value: string) => value };

/**
 * A pool of connections, none of whose answers is waited for without end. A connection on which
 * something failed is not used again: whatever was left open on it ends with it.
 */
export class Database {
  readonly timeoutMs: number;
  readonly #pool: PostgresPool;

  /** @param timeoutMs how long to wait for a connection, and then for an answer */
  constructor(pool: PostgresPool, timeoutMs: number) {
    this.#pool = pool;
    this.timeoutMs = timeoutMs;
  }

  /** Runs one statement, in a transaction of its own. */
  readonly query: Query = (text, values) =>
    this.#use(this.timeoutMs, (query) => query(text, values));

  /**
   * Runs several statements in one transaction, in which each sees what others have committed
   * before it.
   *
   * @param timeoutMs how long one statement may take
   */
  transaction<T>(work: (query: Query) => Promise<T>, timeoutMs = this.timeoutMs): Promise<T> {
    return this.#use(timeoutMs, async (query) => {
      // Should this server be cut off, the database ends what it holds locked.
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
   * A connection for a longer time. Whoever asked for it takes its listener off and releases it.
   *
   * @param onError listens from the moment the pool no longer does: without a listener an error
   *   event would end the process
   */
  async connect(onError: (error: Error) => void): Promise<PostgresClient> {
    const connecting = this.#acquire(onError);
    const client = await within(this.timeoutMs, connecting);
    if (client !== TIMED_OUT) return client;
    connecting.then(
      (late) => giveBack(late, onError),
      () => undefined,
    );
    throw new PostgresError(`No connection to PostgreSQL became free within ${this.timeoutMs} ms.`);
  }

  /** By the callback, in which the pool hands it over: a promise's reader comes too late for an error that follows at once. */
  #acquire(onError: (error: Error) => void): Promise<PostgresClient> {
    return new Promise((resolve, reject) => {
      this.#pool.connect((error, client) => {
        if (!client) return reject(error ?? new PostgresError('The pool gave no connection.'));
        client.on('error', onError);
        resolve(client);
      });
    });
  }

  async #use<T>(timeoutMs: number, work: (query: Query) => Promise<T>): Promise<T> {
    let isBroken = false;
    const onError = () => {
      isBroken = true; // the query that runs rejects by itself
    };
    const client = await this.connect(onError);
    try {
      return await work(queryOn(client, timeoutMs));
    } catch (error) {
      isBroken = true;
      throw error;
    } finally {
      giveBack(client, onError, isBroken);
    }
  }
}

function giveBack(client: PostgresClient, onError: (error: Error) => void, isBroken = false): void {
  client.removeListener('error', onError);
  client.release(isBroken);
}

/** Queries on one connection, one after the other. */
export function queryOn(client: PostgresClient, timeoutMs: number): Query {
  return async <R extends Row>(text: string, values?: unknown[]) => {
    const query = client.query({ text, types: AS_TEXT, ...(values && { values }) });
    const answer = await within(timeoutMs, query);
    if (answer === TIMED_OUT) {
      throw new PostgresError(`PostgreSQL did not answer within ${timeoutMs} ms.`);
    }
    return answer.rows as R[];
  };
}
