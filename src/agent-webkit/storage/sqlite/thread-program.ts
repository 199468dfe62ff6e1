import type { Migration } from '../migration.js';

/** A stored value. Text is JSON or an id, so it contains no NUL and no lone surrogate. */
export type SqlValue = string | number | null;

export type Row = Record<string, SqlValue>;

export interface Query {
  sql: string;
  params: SqlValue[];
}

/**
 * One statement of a unit. The rows of a `read` are part of the unit's result. A `guard` that
 * changes no row ends its unit, whose result is then the rows of `otherwise`.
 */
export type Step =
  ({ kind: 'read' | 'write' } & Query) | ({ kind: 'guard'; otherwise?: Query } & Query);

/** Statements that run one after the other. */
export type Unit = readonly Step[];

export interface UnitResult {
  /** False when a guard ended the unit. */
  isDone: boolean;
  rows: Row[];
}

/**
 * How units run: `read`, without a transaction; `write`, all in one transaction, which is durable
 * when the response arrives; `write-lazily`, in one that a power loss may undo, without the wait.
 */
export type Mode = 'read' | 'write' | 'write-lazily';

export interface ThreadRequest {
  id: number;
  mode: Mode | 'close';
  units: readonly Unit[];
}

/** The response to a request, or, without an id, the reason why the thread could not start. */
export type ThreadAnswer =
  | { id: number; error: null; results: UnitResult[] }
  | { id: number; error: string }
  | { id: null; error: string };

export type SqliteDriver = 'node:sqlite' | 'libsql';

export interface ThreadOptions {
  /** Absolute. A missing folder is created. */
  file: string;
  /** Undefined selects the best driver that is available. */
  driver: SqliteDriver | undefined;
  /** The path of libsql's main file; null if it is not installed. */
  libsqlPath: string | null;
  /** The table that records, in one row, the steps that were applied. */
  versionTable: string;
  /** The steps of this release. Each one raises the version by one. */
  migrations: readonly Migration[];
}

/**
 * The program of the thread that owns a database: it opens the file, and runs requests one after
 * the other. It is passed to the thread as text, so it refers to nothing outside of itself.
 *
 * It holds `<file>.lock`, an empty database, in an exclusive transaction, and so by a lock of the
 * operating system that ends with the process, whatever the signal. Backups and the `sqlite3` shell
 * can still read the file itself.
 */
/* istanbul ignore next: it runs from its text, in another thread */
export function runSqliteThread(require: NodeJS.Require): void {
  interface Database {
    exec(sql: string): void;
    prepare(sql: string): Statement;
    close(): void;
  }
  interface Statement {
    all(...params: SqlValue[]): Row[];
    run(...params: SqlValue[]): { changes: number | bigint };
  }
  type DatabaseClass = new (file: string) => Database;

  const fs = require('node:fs') as typeof import('node:fs');
  const path = require('node:path') as typeof import('node:path');
  const threads = require('node:worker_threads') as typeof import('node:worker_threads');
  const { file, driver, libsqlPath, versionTable, migrations } =
    threads.workerData as ThreadOptions;
  const LOCK_WAIT_MS = 2000;

  const loadDriver = (): DatabaseClass => {
    const builtin = process.getBuiltinModule('node:sqlite') as
      { DatabaseSync: DatabaseClass } | undefined;
    if (builtin && driver !== 'libsql') return builtin.DatabaseSync;
    if (libsqlPath && driver !== 'node:sqlite') return require(libsqlPath) as DatabaseClass;
    const reasons = [
      driver === 'libsql' ? [] : [`Node ${process.version} has no node:sqlite`],
      driver === 'node:sqlite' ? [] : ['the package libsql is not installed'],
    ];
    throw new Error(
      `No SQLite driver is available: ${reasons.flat().join(', and ')}. ` +
        'Use Node 22.13 or later, or run `npm install libsql`.',
    );
  };

  const lock = (DatabaseOf: DatabaseClass): Database => {
    // The file may be a link, and another server may open it by another path.
    const held = new DatabaseOf(`${fs.existsSync(file) ? fs.realpathSync(file) : file}.lock`);
    // A server that is shutting down has this long to release the lock.
    held.exec(`pragma busy_timeout = ${LOCK_WAIT_MS}`);
    try {
      held.exec('begin exclusive');
    } catch (cause) {
      held.close();
      if (!String(cause).includes('locked')) throw cause;
      throw new Error(
        `The database ${file} is in use by another server. Stop the other server, or use another ` +
          'file: a file serves one server only.',
        { cause },
      );
    }
    return held;
  };

  // The ledger is one row. Without a breaking version, every step up to the version was breaking.
  const migrate = (database: Database): void => {
    const known = migrations.length;
    database.exec('begin immediate');
    database.exec(`create table if not exists ${versionTable} (version integer not null)`);
    const [row = {}] = database.prepare(`select * from ${versionTable}`).all();
    const version = Number(row['version'] ?? 0);
    if (Number(row['breaking_version'] ?? version) > known) {
      throw new Error(
        `The database ${file} is at version ${version}, which this release (version ${known}) ` +
          'cannot work with: start the release that migrated the file, or a later one, or choose ' +
          'another file.',
      );
    }
    if (version < known) {
      for (const { sql } of migrations.slice(version)) database.exec(sql);
      const breaking = migrations.findLastIndex(({ isBreaking }) => isBreaking) + 1;
      const hasMarks = 'breaking_version' in row;
      // Not before it is needed: earlier releases write a row of one column.
      if (!hasMarks && breaking < known) {
        database.exec(`alter table ${versionTable} add column breaking_version integer`);
      }
      database.exec(`delete from ${versionTable}`);
      database.exec(`insert into ${versionTable} (version) values (${known})`);
      if (hasMarks || breaking < known) {
        database.exec(`update ${versionTable} set breaking_version = ${breaking}`);
      }
    }
    database.exec('commit');
  };

  const open = () => {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    const DatabaseOf = loadDriver();
    const held = lock(DatabaseOf);
    const database = new DatabaseOf(file);
    database.exec('pragma journal_mode = wal');
    database.exec('pragma synchronous = full');
    database.exec('pragma busy_timeout = 5000');
    database.exec('pragma wal_autocheckpoint = 4000');
    migrate(database);
    return { held, database };
  };

  const serve = (port: import('node:worker_threads').MessagePort): void => {
    const { held, database } = open();
    const statements = new Map<string, Statement>();
    const prepared = (sql: string): Statement => {
      const statement = statements.get(sql) ?? database.prepare(sql);
      statements.set(sql, statement);
      return statement;
    };
    const query = ({ sql, params }: Query): Row[] => prepared(sql).all(...params);

    const runUnit = (unit: Unit): UnitResult => {
      const rows: Row[] = [];
      for (const step of unit) {
        if (step.kind === 'read') {
          rows.push(...query(step));
          continue;
        }
        const { changes } = prepared(step.sql).run(...step.params);
        if (step.kind === 'guard' && Number(changes) === 0) {
          return { isDone: false, rows: step.otherwise ? query(step.otherwise) : [] };
        }
      }
      return { isDone: true, rows };
    };

    const runAll = (units: readonly Unit[], mode: Mode): UnitResult[] => {
      if (mode === 'read') return units.map(runUnit);
      database.exec(`pragma synchronous = ${mode === 'write' ? 'full' : 'normal'}`);
      database.exec('begin immediate');
      try {
        const results = units.map(runUnit);
        database.exec('commit');
        return results;
      } catch (error) {
        try {
          database.exec('rollback');
        } catch {
          // SQLite rolls back by itself after some errors. Then there is nothing to roll back.
        }
        throw error;
      }
    };

    const close = (): void => {
      try {
        database.exec('pragma wal_checkpoint(truncate)');
      } catch {
        // The disk is full. Committed data is safe without the checkpoint.
      }
      database.close();
      held.close();
      port.close();
    };

    port.on('message', ({ id, mode, units }: ThreadRequest) => {
      try {
        const results = mode === 'close' ? [] : runAll(units, mode);
        if (mode === 'close') close();
        else port.postMessage({ id, error: null, results } satisfies ThreadAnswer);
      } catch (error) {
        const answer = { id, error: error instanceof Error ? error.message : String(error) };
        port.postMessage(answer satisfies ThreadAnswer);
      }
    });
  };

  const { parentPort } = threads;
  if (!parentPort) return;
  try {
    serve(parentPort);
  } catch (error) {
    const answer = { id: null, error: error instanceof Error ? error.message : String(error) };
    parentPort.postMessage(answer satisfies ThreadAnswer);
  }
}
