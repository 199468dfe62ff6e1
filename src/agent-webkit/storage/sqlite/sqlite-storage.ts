import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { SessionStore } from '@anthropic-ai/claude-agent-sdk';
import type { AsyncEventStore, SessionRecordStore, StorageProvider } from '../../engine/storage.js';
import { createMigrations } from './schema.js';
import { SqliteEvents } from './sqlite-events.js';
import { SqliteRecords } from './sqlite-records.js';
import { SqliteThread } from './sqlite-thread.js';
import { SqliteTranscripts } from './sqlite-transcripts.js';
import type { SqliteDriver } from './thread-program.js';

/** Where and how sessions are kept. */
export interface SqliteStorageOptions {
  /**
   * The database's file, on a local disk. Its folder is made where it is missing; `<file>.lock`,
   * `<file>-wal` and `<file>-shm` are put beside it.
   */
  file: string;
  /**
   * What the tables' names begin with, for a file that has others, too.
   *
   * @default 'agent_webkit_'
   */
  tablePrefix?: string;
  /**
   * Which SQLite to use: Node's own, or the one of npm `libsql`, which is to be installed then.
   *
   * @default node:sqlite where the running Node has it (22.13 and later), else libsql
   */
  driver?: SqliteDriver;
}

/**
 * Keeps everything in one SQLite file, for one server: what was acknowledged outlives the server,
 * the process and a loss of power. A second server that opens the file is refused.
 */
export class SqliteStorage implements StorageProvider {
  readonly durable = true;
  readonly events: AsyncEventStore;
  readonly records: SessionRecordStore;
  readonly transcripts: Required<SessionStore>;
  readonly #events: SqliteEvents;
  readonly #transcripts: SqliteTranscripts;
  readonly #thread: SqliteThread;

  /** @throws TypeError when an option's value makes no sense */
  constructor({ file, tablePrefix = 'agent_webkit_', driver }: SqliteStorageOptions) {
    if (file === '' || file === ':memory:') {
      throw new TypeError(`"file" must be the path of a file; got ${JSON.stringify(file)}.`);
    }
    if (!/^[a-z_][a-z0-9_]*$/i.test(tablePrefix) || /^sqlite_/i.test(tablePrefix)) {
      throw new TypeError(
        '"tablePrefix" must consist of letters, digits and _, begin with no digit and not with ' +
          `sqlite_; got ${JSON.stringify(tablePrefix)}.`,
      );
    }
    this.#thread = new SqliteThread({
      file: resolve(file),
      driver,
      versionTable: `${tablePrefix}schema`,
      migrations: createMigrations(tablePrefix),
    });
    this.#events = new SqliteEvents(this.#thread, tablePrefix);
    this.events = this.#events;
    this.records = new SqliteRecords(this.#thread, tablePrefix, randomUUID());
    this.#transcripts = new SqliteTranscripts(this.#thread, tablePrefix);
    this.transcripts = this.#transcripts;
  }

  /**
   * Opens the file and migrates it.
   *
   * @throws SqliteStorageError when the file cannot be opened, when another server has it open, or
   *   when a newer release changed it in a way that this one cannot use
   */
  async open(): Promise<void> {
    await this.#thread.read('select 1');
  }

  /** Resolves when all that was asked for is done, and the file is free. */
  async close(): Promise<void> {
    await Promise.all([this.#events.settled(), this.#transcripts.settled()]);
    await this.#thread.close();
  }
}
