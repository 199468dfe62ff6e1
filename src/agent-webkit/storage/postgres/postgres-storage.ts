import type { SessionStore } from '@anthropic-ai/claude-agent-sdk';
import type { AsyncEventStore, SessionRecordStore, StorageProvider } from '../../engine/storage.js';
import { Database } from './database.js';
import { migrate } from './migrate.js';
import { PostgresEvents } from './postgres-events.js';
import { createPool, type OwnPool, type PostgresPool } from './postgres-pool.js';
import { PostgresRecords } from './postgres-records.js';
import { PostgresTranscripts } from './postgres-transcripts.js';
import { ServerLock } from './server-lock.js';
import { quoteIdentifier } from './text.js';

/** What can be chosen of a {@link PostgresStorage}. */
export interface PostgresStorageSettings {
  /**
   * The schema in which all tables are. It is created, unless it exists; servers that share one
   * share their sessions.
   *
   * @default 'agent_webkit'
   */
  schema?: string;
  /**
   * How long a query waits for a connection, and then for its answer, in milliseconds. A query that
   * got none rejects, and its connection is not used again.
   *
   * @default 15000
   */
  queryTimeoutMs?: number;
}

/** How a {@link PostgresStorage} uses a pool of the host's. */
export interface PostgresStorageOptions extends PostgresStorageSettings {
  /**
   * A `Pool` of `pg`, for at least two connections, one of which is kept for as long as the storage
   * is open. It has to reach the database itself, or by a proxy that leaves each connection its own
   * session: not by PgBouncer in its mode `transaction`. It is the host's to listen to its `error`
   * event, and to end it, after the storage was closed.
   */
  pool: PostgresPool;
}

/** How {@link PostgresStorage.connect} makes its pool. */
export interface PostgresConnectSettings extends PostgresStorageSettings {
  /**
   * How many connections there are at the most, one of which is kept for as long as the storage is
   * open.
   *
   * @default 10
   */
  maxConnections?: number;
}

const DEFAULT_SCHEMA = 'agent_webkit';
const DEFAULT_QUERY_TIMEOUT_MS = 15_000;
const DEFAULT_MAX_CONNECTIONS = 10;

/**
 * Keeps everything in PostgreSQL, where servers share it: a session goes on at whichever server
 * claims it, and an append of one it was claimed from is refused.
 *
 * What was committed is on the database's disk. While the database does not answer, everything
 * rejects with its error, or with a `PostgresError`, and may be tried again.
 */
export class PostgresStorage implements StorageProvider {
  readonly durable = true;
  readonly events: AsyncEventStore;
  readonly records: SessionRecordStore;
  readonly transcripts: Required<SessionStore>;
  readonly #events: PostgresEvents;
  readonly #database: Database;
  readonly #schema: string;
  readonly #lock: ServerLock;
  #ownPool: OwnPool | null = null;

  /** @throws TypeError when a setting cannot be */
  constructor({ pool, ...settings }: PostgresStorageOptions) {
    const { queryTimeoutMs, schema: name } = resolve(settings);
    checkCount('pool.options.max', pool.options?.max ?? DEFAULT_MAX_CONNECTIONS, 2);
    this.#schema = name;
    const schema = quoteIdentifier(name);
    this.#database = new Database(pool, queryTimeoutMs);
    this.#lock = new ServerLock(this.#database);
    this.#events = new PostgresEvents(this.#database, schema);
    this.events = this.#events;
    this.records = new PostgresRecords(this.#database, schema, this.#lock);
    this.transcripts = new PostgresTranscripts(this.#database, schema);
  }

  /**
   * A storage with a pool of its own, which `close` ends. Nothing is connected before `open`.
   *
   * @param url such as `postgres://user:password@host:5432/database`
   * @throws PostgresError when the package `pg` is not installed
   */
  static async connect(
    url: string,
    { maxConnections = DEFAULT_MAX_CONNECTIONS, ...settings }: PostgresConnectSettings = {},
  ): Promise<PostgresStorage> {
    checkCount('maxConnections', maxConnections, 2);
    const { queryTimeoutMs } = resolve(settings);
    const ownPool = await createPool(url, { maxConnections, timeoutMs: queryTimeoutMs });
    const storage = new PostgresStorage({ pool: ownPool.pool, ...settings });
    storage.#ownPool = ownPool;
    return storage;
  }

  /**
   * Migrates the schema, and takes the lock that shows other servers that this one is running.
   *
   * @throws PostgresError when a newer release changed the schema in a way that this one cannot use
   */
  async open(): Promise<void> {
    await migrate(this.#database, this.#schema);
    await this.#lock.open();
  }

  /** Waits for what is being appended, and gives the connections back. */
  async close(): Promise<void> {
    await this.#events.settled();
    await this.#lock.close();
    await this.#ownPool?.end();
  }
}

function resolve({
  schema = DEFAULT_SCHEMA,
  queryTimeoutMs = DEFAULT_QUERY_TIMEOUT_MS,
}: PostgresStorageSettings): { schema: string; queryTimeoutMs: number } {
  checkCount('queryTimeoutMs', queryTimeoutMs, 1);
  return { schema, queryTimeoutMs };
}

function checkCount(name: string, value: number, min: number): void {
  // A timer cannot be longer.
  const max = 2 ** 31 - 1;
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new TypeError(`${name} must be an integer from ${min} to ${max}, received ${value}.`);
}
