import { PostgresBus } from '../../bus/postgres/postgres-bus.js';
import type { Bus } from '../../engine/bus.js';
import type { ClusterStore } from '../../engine/cluster.js';
import type {
  AsyncEventStore,
  SessionRecordStore,
  StorageProvider,
  TranscriptStore,
} from '../../engine/storage.js';
import type { NotificationOutbox } from '../../engine/notification-outbox.js';
import type { UsageStore } from '../../engine/usage.js';
import { within } from '../../engine/timing/within.js';
import { checkEncoding } from './check-encoding.js';
import { connecting, nameDatabase } from './connecting.js';
import { Database } from './database.js';
import { migrate } from './migrate.js';
import { createAddress, PostgresCluster } from './postgres-cluster.js';
import { PostgresEvents } from './postgres-events.js';
import { PostgresOutbox } from './postgres-outbox.js';
import { createPool, type OwnPool, type PoolMode, type PostgresPool } from './postgres-pool.js';
import { PostgresRecords } from './postgres-records.js';
import { PostgresTranscripts } from './postgres-transcripts.js';
import { PostgresUsage } from './postgres-usage.js';
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
  /**
   * For how long a server keeps its sessions without renewing its lease, in milliseconds: at least 1000. It
   * renews the lease four times in this time. When it is killed, frozen or cut off from the database,
   * another server takes its sessions over after that time. A server that restarts after a crash waits
   * for it, too.
   *
   * @default 8000
   */
  leaseMs?: number;
}

/** Options of a {@link PostgresStorage} that uses a pool of the host. */
export interface PostgresStorageOptions extends PostgresStorageSettings {
  /**
   * A `Pool` of `pg`. The host listens to the `error` event of the pool, and ends the pool after the
   * storage is closed. The settings of its connections are not changed: each statement of the storage is a
   * transaction of its own, with its own timeout.
   */
  pool: PostgresPool;
}

/** Options of {@link PostgresStorage.connect}. */
export interface PostgresConnectSettings extends PostgresStorageSettings {
  /**
   * The maximum number of connections.
   *
   * @default 10
   */
  maxConnections?: number;
  /**
   * The mode of a connection pooler between the server and the database, such as PgBouncer. With
   * `'transaction'`, no connection gets settings that outlive a transaction. Each statement is then a transaction
   * that sets its own timeout, which costs two more round trips.
   *
   * @default 'session'
   */
  poolMode?: PoolMode;
}

const DEFAULT_SCHEMA = 'agent_webkit';
const DEFAULT_QUERY_TIMEOUT_MS = 15_000;
const DEFAULT_OPEN_TIMEOUT_MS = 60_000;
const DEFAULT_LEASE_MS = 8000;
const MIN_LEASE_MS = 1000;
const DEFAULT_MAX_CONNECTIONS = 10;
/** How long the end of a storage waits for the appends in progress. */
const SETTLE_TIMEOUT_MS = 2500;

/**
 * Stores everything in PostgreSQL, where servers share it. A session runs on the server that claimed
 * it last; appends of its previous server are rejected. A server keeps its sessions while it renews its lease.
 *
 * Committed data is on the disk of the database. While the database does not respond, every call
 * rejects with the error of the database or with a `PostgresError`, and may be retried.
 */
export class PostgresStorage implements StorageProvider {
  readonly durable = true;
  readonly events: AsyncEventStore;
  readonly records: SessionRecordStore;
  readonly transcripts: Required<TranscriptStore>;
  readonly cluster: ClusterStore;
  readonly outbox: NotificationOutbox;
  readonly usage: UsageStore;
  readonly #events: PostgresEvents;
  readonly #database: Database;
  readonly #pool: PostgresPool;
  readonly #schema: string;
  readonly #openTimeoutMs: number;
  readonly #databaseName: string;
  readonly #closed = new AbortController();
  readonly #ownPool: OwnPool | null;

  /** @throws TypeError when the value of an option is invalid */
  constructor(options: PostgresStorageOptions);
  /** @internal */
  constructor(options: PostgresStorageOptions, ownPool: OwnPool);
  constructor({ pool, ...settings }: PostgresStorageOptions, ownPool: OwnPool | null = null) {
    const { queryTimeoutMs, openTimeoutMs, leaseMs, schema: name } = resolve(settings);
    this.#schema = name;
    this.#openTimeoutMs = openTimeoutMs;
    this.#databaseName = nameDatabase(pool);
    const schema = quoteIdentifier(name);
    this.#ownPool = ownPool;
    this.#pool = pool;
    this.#database = new Database(pool, queryTimeoutMs, {
      ownsConnections: ownPool?.poolMode === 'session',
    });
    const address = createAddress();
    this.cluster = new PostgresCluster(this.#database, schema, { address, leaseMs });
    this.#events = new PostgresEvents(this.#database, schema);
    this.events = this.#events;
    this.records = new PostgresRecords(this.#database, schema, address);
    this.transcripts = new PostgresTranscripts(this.#database, schema);
    this.outbox = new PostgresOutbox(this.#database, schema);
    this.usage = new PostgresUsage(this.#database, schema);
  }

  /**
   * Creates a storage with its own pool, which `close` ends. It does not connect before `open`.
   *
   * @param url such as `postgres://user:password@host:5432/database`
   * @throws PostgresError when the package `pg` is not installed
   */
  static async connect(
    url: string,
    {
      maxConnections = DEFAULT_MAX_CONNECTIONS,
      poolMode = 'session',
      ...settings
    }: PostgresConnectSettings = {},
  ): Promise<PostgresStorage> {
    checkCount('maxConnections', maxConnections, 1);
    checkPoolMode(poolMode);
    const { queryTimeoutMs } = resolve(settings);
    const ownPool = await createPool(url, {
      maxConnections,
      timeoutMs: queryTimeoutMs,
      poolMode,
    });
    return new PostgresStorage({ pool: ownPool.pool, ...settings }, ownPool);
  }

  /**
   * Migrates the schema. Retries for `openTimeoutMs` while the database cannot be reached.
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
    };
    await connecting(open, {
      database: this.#databaseName,
      timeoutMs: this.#openTimeoutMs,
      signal: this.#closed.signal,
      onTrouble,
    });
  }

  /**
   * Returns a bus by LISTEN and NOTIFY, which uses one connection of this storage's pool while it is open. Null when
   * the pool has a single connection, or leads to a pooler in the mode `transaction`, which delivers no notifications.
   */
  createBus(): Bus | null {
    const { max = DEFAULT_MAX_CONNECTIONS } = this.#pool.options ?? {};
    if (max < 2 || this.#ownPool?.poolMode === 'transaction') return null;
    return new PostgresBus({ pool: this.#pool });
  }

  /**
   * Waits for the appends in progress, and releases the connections. Takes at most 3 s: what does not
   * respond by then is abandoned.
   */
  async close(): Promise<void> {
    this.#closed.abort();
    await within(SETTLE_TIMEOUT_MS, this.#events.settled());
    await this.#ownPool?.end();
  }
}

function resolve({
  schema = DEFAULT_SCHEMA,
  queryTimeoutMs = DEFAULT_QUERY_TIMEOUT_MS,
  openTimeoutMs = DEFAULT_OPEN_TIMEOUT_MS,
  leaseMs = DEFAULT_LEASE_MS,
}: PostgresStorageSettings): Required<PostgresStorageSettings> {
  checkCount('queryTimeoutMs', queryTimeoutMs, 1);
  checkCount('openTimeoutMs', openTimeoutMs, 1);
  checkCount('leaseMs', leaseMs, MIN_LEASE_MS);
  return { schema, queryTimeoutMs, openTimeoutMs, leaseMs };
}

function checkCount(name: string, value: number, min: number): void {
  // The maximum is that of a timer.
  const max = 2 ** 31 - 1;
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new TypeError(`\`${name}\` must be an integer from ${min} to ${max}, but got ${value}.`);
}

function checkPoolMode(value: string): void {
  if (value === 'session' || value === 'transaction') return;
  throw new TypeError(`\`poolMode\` must be 'session' or 'transaction', but got '${value}'.`);
}
