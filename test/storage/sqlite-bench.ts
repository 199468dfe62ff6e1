import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  SqliteStorage,
  type SqliteStorageOptions,
} from '../../src/agent-webkit/storage/sqlite/sqlite-storage.js';
import { type PlainSources, stripTypes } from '../support/plain-node.js';

type Driver = NonNullable<SqliteStorageOptions['driver']>;

/** Node 20 has no SQLite of its own. What needs it is shown as skipped there. */
export const hasNodeSqlite = process.getBuiltinModule('node:sqlite' as 'node:fs') !== undefined;

/** The drivers that the running Node has. */
export const drivers: Driver[] = hasNodeSqlite ? ['libsql', 'node:sqlite'] : ['libsql'];

/** A server of `sqlite-server.mjs`, in a process of its own. */
export interface SqliteServer {
  process: ChildProcess;
  /** Resolves to the next line that begins like that; rejects when it ends without. */
  said(beginning: string): Promise<string>;
  /** All that it has said until now. */
  readonly lines: string[];
  /** Kills it by SIGKILL, and resolves when it is gone and all it said was heard. */
  kill(): Promise<void>;
}

/** A folder for SQLite files, the storages on them, and servers in processes of their own. */
export class SqliteBench {
  readonly folder: string;
  readonly #storages = new Set<SqliteStorage>();
  readonly #servers = new Set<SqliteServer>();
  #sources: PlainSources | undefined;

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

  /** @param hasPackages whether it finds npm packages, such as libsql */
  async start(
    settings: { driver: Driver | undefined; sessionIds: string[]; isEndless?: boolean },
    { hasPackages = true } = {},
  ): Promise<SqliteServer> {
    const folders = ['src/agent-webkit/engine', 'src/agent-webkit/storage'];
    this.#sources ??= await stripTypes(folders, { hasPackages });
    const module = this.#sources.url('src/agent-webkit/storage/sqlite/sqlite-storage.ts');
    const script = fileURLToPath(new URL('sqlite-server.mjs', import.meta.url));
    const server = listenTo(
      spawn(process.execPath, [script, JSON.stringify({ module, file: this.file, ...settings })], {
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
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

function listenTo(child: ChildProcess): SqliteServer {
  const output: Interface = createInterface(child.stdout as NodeJS.ReadableStream);
  const ended = Promise.all([once(child, 'exit'), once(output, 'close')]);
  const lines: string[] = [];
  output.on('line', (line) => lines.push(line));
  return {
    process: child,
    lines,
    said: (beginning) =>
      new Promise((resolve, reject) => {
        const end = () => reject(new Error(`It ended without "${beginning}".`));
        const hear = (line: string) => {
          if (!line.startsWith(beginning)) return;
          output.off('line', hear).off('close', end);
          resolve(line);
        };
        output.on('line', hear).once('close', end);
      }),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
