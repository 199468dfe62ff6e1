import type { ThreadError } from '../thread-protocol.js';

/**
 * Returns what an error of SQLite means, by its primary result code
 * (https://www.sqlite.org/rescode.html). Part of the thread's program: it refers to nothing outside of
 * itself.
 *
 * @param file the path of the database
 */
export function describeError(error: unknown, file: string): ThreadError {
  const fields = (typeof error === 'object' && error !== null ? error : {}) as {
    message?: unknown;
    rawCode?: unknown;
    errcode?: unknown;
  };
  const reason = String(fields.message ?? error);
  // libsql has `rawCode`, except where it cannot open a file; node:sqlite has `errcode`.
  const unopened = /^ConnectionFailed\(".*: (\d+)"\)$/s.exec(reason)?.[1];
  const code = Number(fields.rawCode ?? fields.errcode ?? unopened ?? -1);
  const primary = code === -1 ? -1 : code & 255;
  const fault = (summary: string, problem: string, action: string): ThreadError => {
    const detail = code === -1 ? reason : `${reason}, SQLite code ${code}`;
    return {
      kind: 'fault',
      summary,
      message: `The database ${file} ${problem} (${detail}). ${action}`,
    };
  };
  const restore = 'Stop the server, and restore a backup.';
  switch (primary) {
    case 8: // SQLITE_READONLY
    case 3: // SQLITE_PERM
    case 23: // SQLITE_AUTH
      return fault(
        'The database is read-only.',
        'cannot be written',
        'Make the file, its folder and the file system writable for the user of the server.',
      );
    case 10: // SQLITE_IOERR
      return fault(
        'The disk of the database reports an error.',
        'cannot be read or written: its disk reports an error',
        'Check the disk, and restart the server when it works.',
      );
    case 11: // SQLITE_CORRUPT
      return fault('The database is corrupted.', 'is corrupted', restore);
    case 13: // SQLITE_FULL
      return fault(
        'The disk of the database is full.',
        'cannot grow: its disk is full',
        'Free space on the disk. A running server then continues.',
      );
    case 14: // SQLITE_CANTOPEN
      return fault(
        'The database cannot be opened.',
        'cannot be opened',
        'Check that it is a file, and that the user of the server may read and write it and its folder.',
      );
    case 26: // SQLITE_NOTADB
      return fault(
        'The file of the database contains something else.',
        'is not a SQLite database',
        'Choose another file, or restore a backup.',
      );
    case 18: // SQLITE_TOOBIG
    case 19: // SQLITE_CONSTRAINT
    case 20: // SQLITE_MISMATCH
    case 25: // SQLITE_RANGE
      return { kind: 'unstorable', summary: '', message: `${reason} (SQLite code ${code})` };
  }
  if (primary === 1 && /no such (?:table|column)|has no column|already exists/.test(reason)) {
    return fault(
      'The database has tables of another structure.',
      'has tables of another structure',
      'Choose another file or another `tablePrefix`, or restore a backup.',
    );
  }
  // The driver cannot pass such a value to SQLite.
  if (error instanceof TypeError || error instanceof RangeError) {
    return { kind: 'unstorable', summary: '', message: reason };
  }
  return { kind: 'transient', summary: '', message: reason };
}
