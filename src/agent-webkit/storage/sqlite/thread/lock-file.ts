import type { ThreadParts } from '../thread-program.js';
import type { Database, DatabaseClass } from './driver.js';

/**
 * Locks a database for this server, and returns what holds the lock. Part of the thread's program: it
 * refers to nothing outside of itself.
 *
 * The lock is `<file>.lock`, an empty database, in an exclusive transaction, and so a lock of the
 * operating system that ends with the process, whatever the signal. Backups and the `sqlite3` shell
 * can still read the file itself.
 *
 * @param path the path of the lock
 * @throws Error when another server has the lock
 */
export function lockFile(
  fs: typeof import('node:fs'),
  file: string,
  path: string,
  DatabaseOf: DatabaseClass,
  { createPrivately }: Pick<ThreadParts, 'createPrivately'>,
): Database {
  const LOCK_WAIT_MS = 2000;
  createPrivately(fs, path);
  const held = new DatabaseOf(path);
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
}
