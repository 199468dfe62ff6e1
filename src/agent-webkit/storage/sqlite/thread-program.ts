/** What SQLite keeps for us: text is JSON or an id, so that no NUL and no half surrogate is in it. */
export type SqlValue = string | number | null;

export type Row = Record<string, SqlValue>;

export interface Query {
  sql: string;
  params: SqlValue[];
}

/**
 * One statement of a unit. A `read` gives its rows to the unit's result. A `guard` that changes
 * no row ends its unit there, and the rows of `otherwise` say why.
 */
export type Step =
  ({ kind: 'read' | 'write' } & Query) | ({ kind: 'guard'; otherwise?: Query } & Query);

/** Statements that are run one after the other. */
export type Unit = readonly Step[];

export interface UnitResult {
  /** False when a guard ended the unit. */
  isDone: boolean;
  rows: Row[];
}

/**
 * How units are run: `read`, without a transaction; `write`, all in one, which is on the disk when
 * the answer comes; `write-lazily`, in one that a loss of power may undo, and saves the wait.
 */
export type Mode = 'read' | 'write' | 'write-lazily';

export interface ThreadRequest {
  id: number;
  mode: Mode | 'close';
  units: readonly Unit[];
}

/** The answer to a request; without an id, why the thread could not begin. */
export type ThreadAnswer =
  | { id: number; error: null; results: UnitResult[] }
  | { id: number; error: string }
  | { id: null; error: string };

export type SqliteDriver = 'node:sqlite' | 'libsql';

export interface ThreadOptions {
  /** Absolute; its folder is made where it is missing. */
  file: string;
  /** Undefined for the best one there is. */
  driver: SqliteDriver | undefined;
  /** Where libsql's main file is, if it is installed. */
  libsqlPath: string | null;
  /** Remembers in one row which migrations were run. */
  versionTable: string;
  /** Each one raises the version by one. */
  migrations: readonly string[];
}

/**
 * The program of the thread that owns a database: it opens the file, and runs what it is asked to,
 * one request after the other. It is given to the thread as text, so it refers to nothing outside
 * of itself.
 *
 * It holds the file's companion `<file>.lock`, an empty database, in an exclusive transaction, and
 * thus by a lock of the system's, which ends with the process, by whatever signal. The file itself
 * stays open to others: backups and the `sqlite3` shell can read it meanwhile.
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
      driver === 'node:sqlite' ? [] : ['libsql is not installed'],
    ];
    throw new Error(
      `There is no SQLite on this server: ${reasons.flat().join(', and ')}. ` +
        'Run Node 22.13 or later, or install it with: npm install libsql',
    );
  };

  const lock = (DatabaseOf: DatabaseClass): Database => {
    // The file may be a link, and another server may know it by another one.
    const held = new DatabaseOf(`${fs.existsSync(file) ? fs.realpathSync(file) : file}.lock`);
    // A server that is just ending has this long to let go.
    held.exec(`pragma busy_timeout = ${LOCK_WAIT_MS}`);
    try {
      held.exec('begin exclusive');
    } catch (cause) {
      held.close();
      if (!String(cause).includes('locked')) throw cause;
      throw new Error(
        `Another server has the database ${file} open. One file serves one server: stop the ` +
          'other one, or give this one a file of its own.',
        { cause },
      );
    }
    return held;
  };

  const migrate = (database: Database): void => {
    database.exec('begin immediate');
    database.exec(`create table if not exists ${versionTable} (version integer not null)`);
    const version = Number(
      database.prepare(`select version from ${versionTable}`).all()[0]?.['version'] ?? 0,
    );
    if (version > migrations.length) {
      throw new Error(
        `The database ${file} is of version ${version}, and this server knows up to ` +
          `${migrations.length}. Run the newer server, or give this one a file of its own.`,
      );
    }
    for (const migration of migrations.slice(version)) database.exec(migration);
    database.exec(`delete from ${versionTable}`);
    database.exec(`insert into ${versionTable} values (${migrations.length})`);
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
          // SQLite rolls back by itself after some errors, and then has nothing to roll back.
        }
        throw error;
      }
    };

    const close = (): void => {
      try {
        database.exec('pragma wal_checkpoint(truncate)');
      } catch {
        // On a full disk; what was committed is safe without it.
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
