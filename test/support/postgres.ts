import { randomUUID } from 'node:crypto';
import { Client, Pool, type QueryResultRow } from 'pg';
import {
  type PostgresConnectSettings,
  PostgresStorage,
} from '../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { describeNeeding } from './needs.js';
import { eventually } from './eventually.js';

/** The PostgreSQL server for tests: that of `POSTGRES_URL`, or the one on this machine. */
export const POSTGRES_URL = process.env['POSTGRES_URL'] ?? 'postgres://root@127.0.0.1:5432/test';

/** How long it may take to answer, in milliseconds: other files are compiled meanwhile. */
const LIMIT_MS = 60_000;

/** `describe` for tests that need a PostgreSQL server. */
export const describePostgres = describeNeeding(await findMissing());

async function findMissing(): Promise<string | null> {
  const client = new Client({ connectionString: POSTGRES_URL, connectionTimeoutMillis: LIMIT_MS });
  // The rejection of `connect` reports the same error.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return null;
  } catch (error) {
    // Without the user and the password.
    const { host, pathname } = new URL(POSTGRES_URL);
    const cause = error instanceof AggregateError ? error.errors[0] : error;
    return `No PostgreSQL server answers at ${host}${pathname} (${String(cause)}). Start it, or set POSTGRES_URL.`;
  }
}

/** A schema for one test, with storages in it. */
export class PostgresBench {
  readonly schema: string;
  /** Identifies this bench's connections on the server, except those of {@link admin}. */
  readonly applicationName: string;
  readonly admin = new Pool({ connectionString: POSTGRES_URL, max: 4 });
  readonly #storages = new Set<PostgresStorage>();

  constructor(name = randomUUID().slice(0, 8)) {
    this.schema = `test ${name}`;
    this.applicationName = `agent-webkit test ${name}`;
    this.admin.on('error', () => undefined);
  }

  /** The URL for this bench's connections. */
  get url(): string {
    const url = new URL(POSTGRES_URL);
    url.searchParams.set('application_name', this.applicationName);
    return url.href;
  }

  /** Creates a storage, like that of another server, without opening it. Its lease outlasts a test. */
  async connect(settings: PostgresConnectSettings = {}): Promise<PostgresStorage> {
    const storage = await PostgresStorage.connect(this.url, {
      schema: this.schema,
      leaseMs: 600_000,
      ...settings,
    });
    this.#storages.add(storage);
    return storage;
  }

  /** Opens a storage and takes a lease. */
  async open(settings: PostgresConnectSettings = {}): Promise<PostgresStorage> {
    const storage = await this.connect(settings);
    await storage.open();
    await storage.cluster.renew({ freeAgents: 0, isDraining: false });
    return storage;
  }

  async closeStorage(storage: PostgresStorage): Promise<void> {
    this.#storages.delete(storage);
    await storage.close();
  }

  /** Returns the rows of a query, in which `schema.` stands for this bench's schema. */
  async rows<R extends QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> {
    const { rows } = await this.admin.query<R>(
      text.replaceAll('schema.', `"${this.schema}".`),
      values,
    );
    return rows;
  }

  /** Returns the ids of the processes that serve this bench's connections. */
  async backends(): Promise<number[]> {
    const rows = await this.rows<{ pid: number }>(
      'select pid from pg_stat_activity where application_name = $1 order by pid',
      [this.applicationName],
    );
    return rows.map(({ pid }) => pid);
  }

  /** Ends all of this bench's connections, like a restart of the database. */
  async cut(): Promise<number> {
    const rows = await this.rows(
      'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1',
      [this.applicationName],
    );
    return rows.length;
  }

  /** Closes the storages, checks that no connection is left, and drops the schema. */
  async close(): Promise<void> {
    await Promise.all([...this.#storages].map((storage) => this.closeStorage(storage)));
    await eventually(
      () => this.backends(),
      (pids) => pids.length === 0,
    );
    await this.admin.query(`drop schema if exists "${this.schema}" cascade`);
    await this.admin.end();
  }
}
