import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { Client as Connection } from 'pg';
import { describeOwnPostgres, OwnPostgres } from '../durability/own-postgres.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { OwnRedis } from '../support/own-redis.js';
import { Client, type ClientOptions } from './client.js';
import { Site, type SiteOptions } from './site.js';

/** The bus of the servers. With `none`, they look into the database. */
export type BusKind = 'postgres' | 'redis' | 'none';

export interface OpenOptions extends Partial<SiteOptions> {
  /** Default: `postgres`. */
  bus?: BusKind;
}

interface Removable {
  remove(): Promise<void>;
}

/** A database for the tests of a file, and the sites and clients of each test, which are removed after it. */
export class World {
  #sources: CompiledSources | null = null;
  #postgres: OwnPostgres | null = null;
  #opened: (() => Promise<void>)[] = [];

  /** The PostgreSQL server of the file. */
  get postgres(): OwnPostgres {
    if (!this.#postgres) throw new Error('The database is started before the first test.');
    return this.#postgres;
  }

  get sources(): CompiledSources {
    if (!this.#sources) throw new Error('The sources are compiled before the first test.');
    return this.#sources;
  }

  /** Opens a site on a database of its own. */
  async open({ bus = 'postgres', settings = {}, ...options }: OpenOptions = {}): Promise<Site> {
    const redis = bus === 'redis' ? await this.keep(OwnRedis.start()) : null;
    const site = await Site.open({
      sources: this.sources,
      database: options.database ?? (await this.createDatabase()),
      ...options,
      settings: {
        ...(bus === 'none' && { AGENT_WEBKIT_BUS: 'none' }),
        ...(redis && { AGENT_WEBKIT_BUS: redis.url }),
        ...settings,
      },
    });
    this.#opened.push(() => site.close());
    return site;
  }

  /** Creates an empty database, and returns its URL. */
  createDatabase(): Promise<string> {
    return this.#createDatabase('template1');
  }

  /** Copies a database that nothing is connected to, and returns the URL of the copy. */
  async copyDatabase(url: string): Promise<string> {
    const template = new URL(url).pathname.slice(1);
    // The connections of a killed server end a moment after it.
    for (;;) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
        return await this.#createDatabase(template);
      } catch (error) {
        if (!String(error).includes('being accessed')) throw error;
      }
    }
  }

  async #createDatabase(template: string): Promise<string> {
    const name = `cluster_${randomUUID().replaceAll('-', '')}`;
    const connection = new Connection({ connectionString: this.postgres.url });
    await connection.connect();
    try {
      await connection.query(`create database ${name} template ${template}`);
    } finally {
      await connection.end();
    }
    const url = new URL(this.postgres.url);
    url.pathname = name;
    return url.href;
  }

  client(options?: ClientOptions): Client {
    const client = new Client(options);
    this.#opened.push(async () => client.close());
    return client;
  }

  /** Removes something after the test. */
  async keep<T extends Removable>(opening: Promise<T>): Promise<T> {
    const opened = await opening;
    this.#opened.push(() => opened.remove());
    return opened;
  }

  /** @internal */
  async start(): Promise<void> {
    this.#sources = await CompiledSources.create();
    this.#postgres = await OwnPostgres.start({ settings: ['max_connections=200'] });
  }

  /** @internal */
  async clear(): Promise<void> {
    // What was opened last may use what was opened before.
    for (const close of this.#opened.splice(0).toReversed()) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await close();
    }
  }

  /** @internal */
  async end(): Promise<void> {
    await this.#postgres?.remove();
    await this.#sources?.remove();
  }
}

/** `describe` for tests of several servers on a PostgreSQL server that belongs to the file. */
export function describeCluster(title: string, tests: (world: World) => void): void {
  describeOwnPostgres(title, () => {
    const world = new World();
    beforeAll(() => world.start(), 120_000);
    afterEach(() => world.clear(), 60_000);
    afterAll(() => world.end());
    tests(world);
  });
}
