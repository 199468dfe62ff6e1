import type { SessionStore } from '@anthropic-ai/claude-agent-sdk';
import type { AsyncEventStore, SessionRecordStore, StorageProvider } from '../../engine/storage.js';
import { within } from '../../engine/timing/within.js';
import { checkEncoding } from './check-encoding.js';
import { connecting, nameDatabase } from './connecting.js';
import { Database } from './database.js';
import { migrate } from './migrate.js';
import { PostgresEvents } from './postgres-events.js';
import { createPool, type OwnPool, type PostgresPool } from './postgres-pool.js';
import { PostgresRecords } from './postgres-records.js';
import { PostgresTranscripts } from './postgres-transcripts.js';
import { ServerLock } from './server-lock.js';
import { quoteIdentifier } from './text.js';

/** Options of {@link PostgresStorage}. */
export interface PostgresStorageSettings {
  /**
   * The schema of the tables. It is created if it does not exist. Servers with the same schema share
   * their sessions.
   *
   * @default 'agent_webkit'
   */
  schema?: string;
  /**
   * How long a query waits for a connection, and then for its response, in milliseconds. A query that
   * times out rejects, and its connection is not reused. The database ends the statement by its
   * `statement_timeout`.
   *
   * @default 15000
   */
  queryTimeoutMs?: number;
  /**
   * How long `open` retries while the database cannot be reached, in milliseconds. It then rejects with
   * an error that names the database.
   *
   * @default 60000
   */
  openTimeoutMs?: number;
}

/** Options of a {@link PostgresStorage} that uses a pool of the host. */
export interface PostgresStorageOptions extends PostgresStorageSettings {
  /**
   * A `Pool` of `pg` with at least two connections, one of which is in use for as long as the storage
   * is open. It must connect to the database directly, or through a proxy that gives each connection
   * its own session: not through PgBouncer in the mode `transaction`. The host listens to the `error`
   * event of the pool, and ends the pool after the storage is closed. The settings of its connections are
   * not changed: each statement of the storage is a transaction of its own, with its own timeout.
   */
  pool: PostgresPool;
}

/** Options of {@link PostgresStorage.connect}. */
export interface PostgresConnectSettings extends PostgresStorageSettings {
  /**
   * The maximum number of connections, one of which is in use for as long as the storage is open.
   *
   * @default 10
   */
  maxConnections?: number;
}

const DEFAULT_SCHEMA = 'agent_webkit';
const DEFAULT_QUERY_TIMEOUT_MS = 15_000;
const DEFAULT_OPEN_TIMEOUT_MS = 60_000;
const DEFAULT_MAX_CONNECTIONS = 10;
/** How long the end of a storage waits for the appends in progress. */
const SETTLE_TIMEOUT_MS = 2500;

/**
 * Stores everything in PostgreSQL, where servers share it. A session runs on the server that claimed
 * it last; appends of its previous server are rejected.
 *
 * Committed data is on the disk of the database. While the database does not respond, every call
 * rejects with the error of the database or with a `PostgresError`, and may be retried.
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
  readonly #openTimeoutMs: number;
  readonly #databaseName: string;
  readonly #closed = new AbortController();
  readonly #ownPool: OwnPool | null;

  /** @throws TypeError when the value of an option is invalid */
  constructor(options: PostgresStorageOptions);
  /** @internal */
  constructor(options: PostgresStorageOptions, ownPool: OwnPool);
  constructor({ pool, ...settings }: PostgresStorageOptions, ownPool: OwnPool | null = null) {
    const { queryTimeoutMs, openTimeoutMs, schema: name } = resolve(settings);
    checkCount('pool.options.max', pool.options?.max ?? DEFAULT_MAX_CONNECTIONS, 2);
    this.#schema = name;
    this.#openTimeoutMs = openTimeoutMs;
    this.#databaseName = nameDatabase(pool);
    const schema = quoteIdentifier(name);
    this.#ownPool = ownPool;
    this.#database = new Database(pool, queryTimeoutMs, { isOwnPool: ownPool !== null });
    this.#lock = new ServerLock(this.#database);
    this.#events = new PostgresEvents(this.#database, schema);
    this.events = this.#events;
    this.records = new PostgresRecords(this.#database, schema, this.#lock);
    this.transcripts = new PostgresTranscripts(this.#database, schema);
  }

  /**
   * Creates a storage with its own pool, which `close` ends. It does not connect before `open`.
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
    return new PostgresStorage({ pool: ownPool.pool, ...settings }, ownPool);
  }

  /**
   * Migrates the schema, and takes the lock that shows other servers that this one is running. Retries for
   * `openTimeoutMs` while the database cannot be reached.
   *
   * @param onTrouble called once, when the database cannot be reached and `open` retries
   * @throws PostgresError when the database cannot be reached or rejects the connection
   * @throws PostgresError when the encoding of the database is not UTF-8
   * @throws PostgresError when a newer release changed the schema in a way that this one cannot use
   */
  async open(onTrouble: (problem: string) => void = () => undefined): Promise<void> {
    const open = async () => {
      await checkEncoding(this.#database.query, this.#databaseName);
      await migrate(this.#database, this.#schema);
      await this.#lock.open();
    };
    await connecting(open, {
      database: this.#databaseName,
      timeoutMs: this.#openTimeoutMs,
      signal: this.#closed.signal,
      onTrouble,
    });
  }

  /**
   * Waits for the appends in progress, and releases the connections. Takes at most 4 s: what does not
   * respond by then is abandoned.
   */
  async close(): Promise<void> {
    this.#closed.abort();
    await within(SETTLE_TIMEOUT_MS, this.#events.settled());
    await this.#lock.close();
    await this.#ownPool?.end();
  }
}

function resolve({
  schema = DEFAULT_SCHEMA,
  queryTimeoutMs = DEFAULT_QUERY_TIMEOUT_MS,
  openTimeoutMs = DEFAULT_OPEN_TIMEOUT_MS,
}: PostgresStorageSettings): Required<PostgresStorageSettings> {
  checkCount('queryTimeoutMs', queryTimeoutMs, 1);
  checkCount('openTimeoutMs', openTimeoutMs, 1);
  return { schema, queryTimeoutMs, openTimeoutMs };
}

function checkCount(name: string, value: number, min: number): void {
  // The maximum is that of a timer.
  const max = 2 ** 31 - 1;
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new TypeError(`\`${name}\` must be an integer from ${min} to ${max}, but got ${value}.`);
}
