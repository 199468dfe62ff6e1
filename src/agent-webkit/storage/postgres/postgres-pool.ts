import type { Client } from 'pg';
import { TIMED_OUT, within } from '../../engine/timing/within.js';
import { PostgresError } from './postgres-error.js';

/** The part of a socket by which a connection is broken. */
interface Socket {
  destroy(): void;
}

/** One query in the format of `pg`. */
export interface PostgresQuery {
  text: string;
  values?: unknown[];
  types?: { getTypeParser(oid: number, format?: string): (value: string) => unknown };
}

/** The members of a connection that the storage needs. A `PoolClient` of `pg` has them. */
export interface PostgresClient {
  query(query: PostgresQuery): Promise<{ rows: unknown[] }>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  /** Returns the connection to its pool. With an argument, the pool closes it. */
  release(destroy?: boolean): void;
}

/** The members of a pool that the storage needs. A `Pool` of `pg` has them. */
export interface PostgresPool {
  connect(callback: (error: Error | undefined, client?: PostgresClient) => void): void;
  readonly options?: {
    readonly max?: number | undefined;
    /** The host, port and name of the database, for messages. */
    readonly connectionString?: string | undefined;
    readonly host?: string | undefined;
    readonly port?: number | undefined;
    readonly database?: string | undefined;
  };
}

/** A pool with the function that ends it. */
export interface OwnPool {
  pool: PostgresPool;
  /** Resolves when all connections of the pool are closed. Breaks those that do not close within half a second. */
  end(): Promise<void>;
}

/**
 * Creates a pool, which connects on its first use.
 *
 * @throws PostgresError when `pg`, an optional peer, is not installed
 */
export async function createPool(
  url: string,
  { maxConnections, timeoutMs }: { maxConnections: number; timeoutMs: number },
): Promise<OwnPool> {
  const { Pool } = await loadPg();
  const pool = new Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    fallback_application_name: 'agent-webkit',
  });
  const clients = new Set<Client>();
  pool.on('connect', (client) => clients.add(client));
  pool.on('remove', (client) => clients.delete(client));
  // An idle connection broke. The next query opens another one.
  pool.on('error', () => undefined);
  const end = async () => {
    const ended = await within(END_TIMEOUT_MS, pool.end());
    if (ended !== TIMED_OUT) return;
    // A connection ends when the other side has closed it, which a broken network prevents.
    for (const client of clients) socketOf(client)?.destroy();
  };
  return { pool, end };
}

function socketOf(client: Client): Socket | undefined {
  // Part of every version of pg, but not of its types.
  return (client as unknown as { connection?: { stream?: Socket } }).connection?.stream;
}

/** How long the connections of a pool may take to close. */
const END_TIMEOUT_MS = 500;

async function loadPg(): Promise<typeof import('pg')> {
  try {
    return await import('pg');
  } catch (cause) {
    if (!isModuleNotFound(cause)) throw cause;
    throw new PostgresError('PostgresStorage requires the `pg` package. Run `npm install pg`.', {
      cause,
    });
  }
}

function isModuleNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}
