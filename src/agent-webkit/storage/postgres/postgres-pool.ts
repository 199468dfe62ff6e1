import { PostgresError } from './postgres-error.js';

/** One query, in the terms of `pg`. */
export interface PostgresQuery {
  text: string;
  values?: unknown[];
  types?: { getTypeParser(oid: number, format?: string): (value: string) => unknown };
}

/** What the storage needs of a connection. A `PoolClient` of `pg` has it. */
export interface PostgresClient {
  query(query: PostgresQuery): Promise<{ rows: unknown[] }>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  /** Gives the connection back to its pool, which ends it when told to. */
  release(destroy?: boolean): void;
}

/** What the storage needs of a pool. A `Pool` of `pg` has it. */
export interface PostgresPool {
  connect(callback: (error: Error | undefined, client?: PostgresClient) => void): void;
  readonly options?: { readonly max?: number | undefined };
}

/** A pool, and how to end it. */
export interface OwnPool {
  pool: PostgresPool;
  /** Resolves when all of its connections are closed. */
  end(): Promise<void>;
}

/**
 * A pool of our own. It connects when it is first used.
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
  // A connection broke that nobody was using; the next query gets another one.
  pool.on('error', () => undefined);
  return { pool, end: () => pool.end() };
}

async function loadPg(): Promise<typeof import('pg')> {
  try {
    return await import('pg');
  } catch (cause) {
    if (!isModuleNotFound(cause)) throw cause;
    throw new PostgresError(
      'The package pg, by which PostgreSQL is reached, is not installed. ' +
        'Install it with: npm install pg',
      { cause },
    );
  }
}

function isModuleNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}
