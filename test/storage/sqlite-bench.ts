import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  SqliteStorage,
  type SqliteStorageOptions,
} from '../../src/agent-webkit/storage/sqlite/sqlite-storage.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { Program } from '../support/program.js';

type Driver = NonNullable<SqliteStorageOptions['driver']>;

/** Node 20 has no built-in SQLite. Tests that need it are skipped there. */
export const hasNodeSqlite = process.getBuiltinModule('node:sqlite' as 'node:fs') !== undefined;

/** The drivers that are available in the running Node.js. */
export const drivers: Driver[] = hasNodeSqlite ? ['libsql', 'node:sqlite'] : ['libsql'];

/** A folder for SQLite files, with the storages on them and servers in separate processes. */
export class SqliteBench {
  readonly folder: string;
  readonly #storages = new Set<SqliteStorage>();
  readonly #servers = new Set<Program>();
  #sources: CompiledSources | undefined;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<SqliteBench> {
    return new SqliteBench(await mkdtemp(join(tmpdir(), 'agent-webkit-sqlite-')));
  }

  get file(): string {
    return join(this.folder, 'sessions.db');
  }

  async open(options: Partial<SqliteStorageOptions> = {}): Promise<SqliteStorage> {
    const storage = new SqliteStorage({ file: this.file, ...options });
    this.#storages.add(storage);
    await storage.open();
    return storage;
  }

  /** @param hasPackages true when the server can resolve npm packages, such as libsql */
  async start(
    settings: { driver: Driver | undefined; sessionIds: string[]; isEndless?: boolean },
    { hasPackages = true } = {},
  ): Promise<Program> {
    const folders = ['src/agent-webkit/engine', 'src/agent-webkit/storage'];
    this.#sources ??= await CompiledSources.create(folders, { hasPackages });
    const module = this.#sources.url('src/agent-webkit/storage/sqlite/sqlite-storage.ts');
    const script = fileURLToPath(new URL('sqlite-server.mjs', import.meta.url));
    const server = Program.node(script, [JSON.stringify({ module, file: this.file, ...settings })]);
    this.#servers.add(server);
    return server;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers].map((server) => server.kill()));
    await Promise.all([...this.#storages].map((storage) => storage.close()));
    await this.#sources?.remove();
    await rm(this.folder, { recursive: true });
  }
}
