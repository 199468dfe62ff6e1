import type { ThreadOptions } from '../thread-protocol.js';
import type { ThreadParts } from '../thread-program.js';
import type { Database, DatabaseClass } from './driver.js';
import type { FileWatch } from './watch-files.js';

/** An open database, and the watch of its files. */
export interface OpenFile {
  readonly database: Database;
  readonly watch: FileWatch;
}

/**
 * Creates or opens the file of a database, and migrates it. Part of the thread's program: it refers to
 * nothing outside of itself.
 *
 * @param onNotice called with a sentence for the log
 */
export function openFile(
  fs: typeof import('node:fs'),
  options: ThreadOptions,
  DatabaseOf: DatabaseClass,
  parts: Pick<ThreadParts, 'createPrivately' | 'makePrivate' | 'migrateFile' | 'watchFiles'>,
  onNotice: (notice: string) => void,
): OpenFile {
  const { file } = options;
  parts.createPrivately(fs, file);
  // SQLite puts the companions of a linked file beside the file itself.
  const real = fs.realpathSync(file);
  const before = fs.statSync(real, { bigint: true });
  const database = new DatabaseOf(file);
  database.exec('pragma journal_mode = wal');
  database.exec('pragma synchronous = full');
  database.exec('pragma busy_timeout = 5000');
  database.exec('pragma wal_autocheckpoint = 4000');
  parts.migrateFile(database, options);
  const watch = parts.watchFiles(fs, real);
  const after = fs.statSync(real, { bigint: true });
  if (before.ino !== after.ino || before.dev !== after.dev) {
    throw new Error(`The database ${file} was replaced while it was opened.`);
  }
  const paths = ['', '-wal', '-shm', '.lock'].map((suffix) => real + suffix);
  const notice = parts.makePrivate(fs, paths);
  if (notice !== null) onNotice(notice);
  return { database, watch };
}
