import type { Client, ClientConfig } from 'pg';
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

/** A notification of a channel that a connection listens to. */
export interface PostgresNotification {
  readonly channel: string;
  readonly payload?: string | undefined;
}

/** The members of a connection that the storage and its bus need. A `PoolClient` of `pg` has them. */
export interface PostgresClient {
  query(query: PostgresQuery): Promise<{ rows: unknown[] }>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'notification', listener: (notification: PostgresNotification) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(
    event: 'notification',
    listener: (notification: PostgresNotification) => void,
  ): unknown;
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

/**
 * The mode of a pooler between this process and the database. In the mode `transaction`, consecutive
 * transactions of one connection may run in different sessions of the database.
 */
export type PoolMode = 'session' | 'transaction';

/** A pool with the function that ends it. */
export interface OwnPool {
  pool: PostgresPool;
  poolMode: PoolMode;
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
  {
    maxConnections,
    timeoutMs,
    poolMode,
  }: { maxConnections: number; timeoutMs: number; poolMode: PoolMode },
): Promise<OwnPool> {
  const { Client, Pool } = await loadPg();
  /** All connections that are not closed, those that are being opened included. */
  const clients = new Set<Client>();
  class TrackedClient extends Client {
    constructor(config?: ClientConfig) {
      super(config);
      clients.add(this);
      this.once('end', () => clients.delete(this));
    }
  }
  const pool = new Pool({
    Client: TrackedClient,
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    fallback_application_name: 'agent-webkit',
  });
  // An idle connection broke. The next query opens another one.
  pool.on('error', () => undefined);
  const end = async () => {
    const ended = await within(END_TIMEOUT_MS, pool.end());
    if (ended !== TIMED_OUT) return;
    // A connection ends when the other side has closed it, which a broken network prevents.
    for (const client of clients) socketOf(client)?.destroy();
  };
  return { pool, poolMode, end };
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
