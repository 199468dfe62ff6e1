import type { ThreadError } from '../thread-protocol.js';
import type { OpenFile } from './open-file.js';
import type { FileProblem } from './watch-files.js';

export interface FileGuardOptions {
  fs: typeof import('node:fs');
  /** The path of the database, without links. */
  file: string;
  current: () => OpenFile;
  /**
   * Closes the database and opens it again.
   *
   * @param explain returns the fault when it cannot be opened, and throws nothing
   */
  reopen: (explain: (error: unknown) => ThreadError) => void;
  /** Returns false when the lock of this server was removed, so that another server could open the database. */
  hasLock: () => boolean;
  /** Locks the database again. Throws when another server has opened it. */
  lockAgain: () => void;
  describe: (error: unknown) => ThreadError;
  /** Called with a sentence for the log. */
  onNotice: (notice: string) => void;
}

/** Protects committed data from changes to the files of an open database. */
export interface FileGuard {
  /**
   * Returns null when everything that was committed so far is in the files at the paths of the database;
   * otherwise the fault. Reopens the database where that repairs it.
   */
  check(): ThreadError | null;
  /** True while the database must not be written, not even by a checkpoint. */
  readonly isBroken: boolean;
}

/**
 * Creates the guard of a database. Part of the thread's program: it refers to nothing outside of itself.
 *
 * - The write-ahead log or the shared memory was removed: the open ones are intact. They are written into
 *   the database, which is opened again. Meanwhile a second path leads to the file: a program that removes
 *   one of the files after the other may remove it, too, and nothing has it open.
 * - The database was moved or deleted, or another file was moved to its path: nothing is written any
 *   more. The write-ahead log is written into the open file, so that it cannot be mistaken for that of
 *   another file. If the file has no path any more, its content is saved to a new file. When the same
 *   file is put back, the fault is over.
 * - The database was overwritten: final until a restart, because its content is no longer what the
 *   sessions in memory have read.
 */
export function guardFiles({
  fs,
  file,
  current,
  reopen,
  hasLock,
  lockAgain,
  describe,
  onNotice,
}: FileGuardOptions): FileGuard {
  /** The present fault; null when there is none. */
  let fault: { readonly error: ThreadError; readonly isFinal: boolean } | null = null;

  const createFault = (summary: string, problem: string, action: string): ThreadError => ({
    kind: 'fault',
    summary,
    message: `The database ${file} ${problem} while the server used it. ${action}`,
  });

  const checkpoint = (): void => {
    const [row] = current().database.prepare('pragma wal_checkpoint(truncate)').all();
    if (row?.['busy'] !== 0) throw new Error('another program reads the database');
  };

  const createPath = (): string =>
    `${file}.rescued-${new Date().toISOString().replaceAll(':', '')}`;

  /** Returns the path of a copy of the open database, or null when it could not be written. */
  const save = (): string | null => {
    const path = createPath();
    try {
      fs.closeSync(fs.openSync(path, 'wx', 0o600));
    } catch {
      // The folder is gone, too. The fault is reported in any case.
      return null;
    }
    try {
      current().database.prepare('vacuum into ?').run(path);
      return path;
    } catch {
      // The disk is full. A part of the content must not be mistaken for all of it.
      fs.rmSync(path, { force: true });
      return null;
    }
  };

  const describeSaved = (path: string): string =>
    `Its content was saved to ${path}. Stop the server, move the file that you want to use to ` +
    `${file}, and start the server.`;

  const describeLoss = ({ name, isGone }: FileProblem & { isGone: boolean }): ThreadError => {
    try {
      checkpoint();
    } catch {
      // The disk is gone or full. The next start reads the write-ahead log if it is still there.
    }
    const saved = isGone ? save() : null;
    const [summary, problem] =
      name === 'missing'
        ? [
            'removed or moved',
            isGone ? 'was deleted' : 'was moved, or its folder was renamed or unmounted,',
          ]
        : ['replaced by another file', 'was replaced by another file'];
    const action = isGone
      ? saved === null
        ? 'Stop the server, restore a backup, and start the server.'
        : describeSaved(saved)
      : 'Put the same file back, and the server continues. Or stop the server, restore a backup, and ' +
        'start the server.';
    return createFault(
      `The database file was ${summary} while the server used it.`,
      problem,
      action,
    );
  };

  /** Adds a second path to the file. Returns false where the file system has no such links. */
  const keep = (path: string): boolean => {
    try {
      fs.linkSync(file, path);
      return true;
    } catch {
      return false;
    }
  };

  /** Describes why the database could not be opened again, and removes its second path if the first one is left. */
  const explain = (error: unknown, path: string | null): ThreadError => {
    if (path === null) return describe(error);
    const [first, second] = [file, path].map((one) =>
      fs.statSync(one, { bigint: true, throwIfNoEntry: false }),
    );
    if (first?.ino !== second?.ino) {
      const summary = 'The database file was removed or moved while the server used it.';
      return createFault(summary, 'was deleted or replaced', describeSaved(path));
    }
    fs.rmSync(path, { force: true });
    return describe(error);
  };

  const repair = (suffix: string, isReplaced: boolean): ThreadError | null => {
    const companion = `${file}${suffix}`;
    try {
      checkpoint();
      if (isReplaced && fs.statSync(companion, { throwIfNoEntry: false })?.size) {
        fault = {
          isFinal: true,
          error: createFault(
            'A file of the database was replaced while the server used it.',
            `had its file ${companion} replaced`,
            `Nothing is lost. Stop the server, delete ${companion}, and start the server.`,
          ),
        };
        return fault.error;
      }
      const path = createPath();
      const isKept = keep(path);
      if (current().watch.check()?.name !== 'companion') {
        fs.rmSync(path, { force: true });
        return check();
      }
      reopen((error) => explain(error, isKept ? path : null));
      fs.rmSync(path, { force: true });
    } catch (error) {
      return describe(error);
    }
    onNotice(`The file ${companion} was removed while the server used it. Nothing was lost.`);
    return null;
  };

  const repairLock = (): ThreadError | null => {
    try {
      lockAgain();
    } catch (cause) {
      const error = createFault(
        'The database is in use by another server.',
        'lost its lock, and cannot be locked again',
        `${String(cause)} Do not delete ${file}.lock.`,
      );
      fault = { isFinal: false, error };
      return error;
    }
    onNotice(`The file ${file}.lock was removed while the server used it. It was created again.`);
    return null;
  };

  const check = (): ThreadError | null => {
    if (fault?.isFinal) return fault.error;
    const problem = current().watch.check();
    if (!problem) {
      fault = null;
      return hasLock() ? null : repairLock();
    }
    if (problem.name === 'companion') {
      fault = null;
      return repair(problem.suffix, problem.isReplaced);
    }
    if (problem.name === 'overwritten') {
      const error = createFault(
        'The database file was overwritten while the server used it.',
        'was overwritten by another program',
        `Stop the server, delete ${file}-wal and ${file}-shm, restore a backup, and start the server.`,
      );
      fault = { isFinal: true, error };
    }
    fault ??= { isFinal: false, error: describeLoss(problem as FileProblem & { isGone: boolean }) };
    return fault.error;
  };

  return {
    check,
    get isBroken() {
      return fault !== null;
    },
  };
}
