import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import {
  type AsyncEventStore,
  type SessionRecordStore,
  StorageFaultError,
  type StorageProvider,
  type TranscriptStore,
} from '../../engine/storage.js';
import type { NotificationOutbox } from '../../engine/notification-outbox.js';
import type { UsageStore } from '../../engine/usage.js';
import { createMigrations } from './schema.js';
import { SqliteEvents } from './sqlite-events.js';
import { SqliteOutbox } from './sqlite-outbox.js';
import { SqliteRecords } from './sqlite-records.js';
import { SqliteThread } from './sqlite-thread.js';
import { SqliteTranscripts } from './sqlite-transcripts.js';
import { SqliteUsage } from './sqlite-usage.js';
import type { SqliteDriver } from './thread-protocol.js';

/** Options of {@link SqliteStorage}. */
export interface SqliteStorageOptions {
  /**
   * The path of the database file, on a local disk. A missing folder is created. `<file>.lock`,
   * `<file>-wal` and `<file>-shm` are created beside it.
   */
  file: string;
  /**
   * The prefix of the table names, for a file that contains other tables, too.
   *
   * @default 'agent_webkit_'
   */
  tablePrefix?: string;
  /**
   * The SQLite driver: that of Node.js, or the npm package `libsql`, which must be installed then.
   *
   * @default node:sqlite where Node.js includes it (22.13 and later), else libsql
   */
  driver?: SqliteDriver;
}

/**
 * Stores everything in one SQLite file, for one server. Acknowledged data survives a crash of the
 * process and a power failure. A second server cannot open the file.
 */
export class SqliteStorage implements StorageProvider {
  readonly durable = true;
  readonly events: AsyncEventStore;
  readonly records: SessionRecordStore;
  readonly transcripts: Required<TranscriptStore>;
  readonly outbox: NotificationOutbox;
  readonly usage: UsageStore;
  readonly #events: SqliteEvents;
  readonly #transcripts: SqliteTranscripts;
  readonly #thread: SqliteThread;

  /** @throws TypeError when the value of an option is invalid */
  constructor({ file, tablePrefix = 'agent_webkit_', driver }: SqliteStorageOptions) {
    if (file === '' || file === ':memory:') {
      throw new TypeError(`\`file\` must be the path of a file, but got ${JSON.stringify(file)}.`);
    }
    if (!/^[a-z_][a-z0-9_]*$/i.test(tablePrefix) || /^sqlite_/i.test(tablePrefix)) {
      throw new TypeError(
        '`tablePrefix` must consist of letters, digits and underscores and must not begin with a ' +
          `digit or with sqlite_, but got ${JSON.stringify(tablePrefix)}.`,
      );
    }
    this.#thread = new SqliteThread({
      file: resolve(file),
      driver,
      versionTable: `${tablePrefix}schema`,
      migrations: createMigrations(tablePrefix),
    });
    const outbox = new SqliteOutbox(this.#thread, tablePrefix);
    this.outbox = outbox;
    const usage = new SqliteUsage(this.#thread, tablePrefix);
    this.usage = usage;
    this.#events = new SqliteEvents(this.#thread, tablePrefix, { outbox, usage });
    this.events = this.#events;
    this.records = new SqliteRecords(this.#thread, tablePrefix, randomUUID());
    this.#transcripts = new SqliteTranscripts(this.#thread, tablePrefix);
    this.transcripts = this.#transcripts;
  }

  /**
   * Opens the file and migrates it.
   *
   * @param onTrouble called with sentences for the log for as long as the storage is open
   * @throws SqliteStorageError when the file cannot be opened, when another server has it open, or
   *   when a newer release changed it in a way that this one cannot use
   */
  async open(onTrouble: (problem: string) => void = () => undefined): Promise<void> {
    this.#thread.onNotice(onTrouble);
    try {
      await this.#checkTables();
    } catch (error) {
      // The sentence with the path is for the operator.
      throw error instanceof StorageFaultError ? error.cause : error;
    }
  }

  /** Rejects when the tables are missing or not those of this release. */
  async #checkTables(): Promise<void> {
    await this.records.get('');
    await this.records.openRequests('', 1, null);
    await this.events.read('', 0, 1);
    await this.events.hasKey('', '');
    await this.transcripts.load({ projectKey: '', sessionId: '' });
  }

  /** Resolves when all pending requests are done and the file is closed. */
  async close(): Promise<void> {
    await Promise.all([this.#events.settled(), this.#transcripts.settled()]);
    await this.#thread.close();
  }
}
