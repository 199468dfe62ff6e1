import type {
  Mode,
  Query,
  Row,
  ThreadAnswer,
  ThreadError,
  ThreadOptions,
  ThreadRequest,
  Unit,
  UnitResult,
} from './thread-protocol.js';
import type { createFolder } from './thread/create-folder.js';
import type { describeError } from './thread/describe-error.js';
import type { describeSystemError } from './thread/describe-system-error.js';
import type { loadDriver, Statement } from './thread/driver.js';
import type { guardFiles } from './thread/file-guard.js';
import type { migrateFile } from './thread/migrate-file.js';
import type { lockFile } from './thread/lock-file.js';
import type { openFile } from './thread/open-file.js';
import type { createPrivately, makePrivate } from './thread/private-files.js';
import type { watchFiles } from './thread/watch-files.js';

/** The functions of the thread's program, which are passed to the thread as text. */
export interface ThreadParts {
  readonly createFolder: typeof createFolder;
  readonly createPrivately: typeof createPrivately;
  readonly describeError: typeof describeError;
  readonly describeSystemError: typeof describeSystemError;
  readonly guardFiles: typeof guardFiles;
  readonly loadDriver: typeof loadDriver;
  readonly lockFile: typeof lockFile;
  readonly makePrivate: typeof makePrivate;
  readonly migrateFile: typeof migrateFile;
  readonly openFile: typeof openFile;
  readonly watchFiles: typeof watchFiles;
}

/**
 * The program of the thread that owns a database: it opens the file, and runs requests one after
 * the other. It is passed to the thread as text, so it refers to nothing outside of itself.
 *
 * A write is acknowledged when its transaction is committed, and the files at the paths of the database
 * are still those that it was committed to.
 */
/* istanbul ignore next: it runs from its text, in another thread */
export function runSqliteThread(require: NodeJS.Require, parts: ThreadParts): void {
  const fs = require('node:fs') as typeof import('node:fs');
  const path = require('node:path') as typeof import('node:path');
  const threads = require('node:worker_threads') as typeof import('node:worker_threads');
  const options = threads.workerData as ThreadOptions;
  /** The minimum interval between two checks of the files for reads, in milliseconds. */
  const READ_CHECK_MS = 1000;
  const MAX_REOPEN_TRIES = 5;
  const REOPEN_DELAY_MS = 20;

  /** A request that failed for a known reason. */
  class Refusal extends Error {
    readonly reason: ThreadError;
    constructor(reason: ThreadError) {
      super(reason.message);
      this.reason = reason;
    }
  }
  const describe = (error: unknown): ThreadError =>
    error instanceof Refusal
      ? error.reason
      : (parts.describeSystemError(error, options.file) ??
        parts.describeError(error, options.file));

  const serve = (port: import('node:worker_threads').MessagePort): void => {
    const answer = (message: ThreadAnswer): void => port.postMessage(message);
    const onNotice = (notice: string): void => answer({ id: null, error: null, notice });
    const DatabaseOf = parts.loadDriver(require, options);
    parts.createFolder(fs, path, path.dirname(options.file));
    if (fs.statSync(options.file, { throwIfNoEntry: false })?.isDirectory()) {
      const fault = { code: 'EISDIR', syscall: 'open' };
      throw Object.assign(new Error('EISDIR: illegal operation on a directory'), fault);
    }
    // The file may be a link, and another server may open it by another path.
    const { file } = options;
    const lockPath = `${fs.existsSync(file) ? fs.realpathSync(file) : file}.lock`;
    const lock = () => ({
      held: parts.lockFile(fs, file, lockPath, DatabaseOf, parts),
      id: fs.statSync(lockPath, { bigint: true }),
    });
    let locked = lock();
    let current = parts.openFile(fs, options, DatabaseOf, parts, onNotice);
    let statements = new Map<string, Statement>();
    let checkedAt = performance.now();

    /** Opens the database again. A later request starts another thread if that fails. */
    const reopen = (explain: (error: unknown) => ThreadError): void => {
      const { database, watch, id } = current;
      database.close();
      watch.close();
      statements = new Map();
      for (let tries = 1; ; tries += 1) {
        try {
          current = parts.openFile(fs, options, DatabaseOf, parts, onNotice, id);
          return;
        } catch (error) {
          // Another program may still be removing files of the database.
          if (tries < MAX_REOPEN_TRIES && fs.existsSync(options.file)) {
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, REOPEN_DELAY_MS);
            continue;
          }
          const reason = explain(error);
          answer({ id: null, error: reason });
          locked.held.close();
          port.close();
          throw new Refusal(reason);
        }
      }
    };
    const guard = parts.guardFiles({
      fs,
      file: fs.realpathSync(options.file),
      current: () => current,
      reopen,
      hasLock: () => {
        const found = fs.statSync(lockPath, { bigint: true, throwIfNoEntry: false });
        return found?.ino === locked.id.ino && found.dev === locked.id.dev;
      },
      lockAgain: () => {
        const lost = locked.held;
        locked = lock();
        lost.close();
      },
      describe,
      onNotice,
    });
    const checkFiles = (): void => {
      const reason = guard.check();
      checkedAt = performance.now();
      if (reason) throw new Refusal(reason);
    };

    const prepared = (sql: string): Statement => {
      const statement = statements.get(sql) ?? current.database.prepare(sql);
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

    const write = (units: readonly Unit[], mode: Mode): UnitResult[] => {
      current.database.exec(`pragma synchronous = ${mode === 'write' ? 'full' : 'normal'}`);
      current.database.exec('begin immediate');
      try {
        const results = units.map(runUnit);
        current.database.exec('commit');
        return results;
      } catch (error) {
        try {
          current.database.exec('rollback');
        } catch {
          // SQLite rolls back by itself after some errors. Then there is nothing to roll back.
        }
        throw error;
      }
    };

    const run = (units: readonly Unit[], mode: Mode): UnitResult[] => {
      if (guard.isBroken) checkFiles();
      if (mode === 'read') {
        if (performance.now() - checkedAt > READ_CHECK_MS) checkFiles();
        return units.map(runUnit);
      }
      const results = write(units, mode);
      checkFiles();
      return results;
    };

    const close = (): void => {
      if (!guard.isBroken) {
        try {
          current.database.exec('pragma wal_checkpoint(truncate)');
        } catch {
          // The disk is full. Committed data is safe without the checkpoint.
        }
      }
      current.database.close();
      current.watch.close();
      locked.held.close();
      port.close();
    };

    port.on('message', ({ id, mode, units }: ThreadRequest) => {
      try {
        if (mode === 'close') close();
        else answer({ id, error: null, results: run(units, mode) });
      } catch (error) {
        answer({ id, error: describe(error) });
      }
    });
  };

  const { parentPort } = threads;
  if (!parentPort) return;
  try {
    serve(parentPort);
  } catch (error) {
    parentPort.postMessage({ id: null, error: describe(error) } satisfies ThreadAnswer);
  }
}
