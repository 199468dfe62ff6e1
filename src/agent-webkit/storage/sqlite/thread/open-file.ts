import type { ThreadOptions } from '../thread-protocol.js';
import type { ThreadParts } from '../thread-program.js';
import type { Database, DatabaseClass } from './driver.js';
import type { FileWatch } from './watch-files.js';

/** An open database, and the watch of its files. */
export interface OpenFile {
  readonly database: Database;
  readonly watch: FileWatch;
  /** The device and the inode of the file. */
  readonly id: FileId;
}

export type FileId = Pick<import('node:fs').BigIntStats, 'dev' | 'ino'>;

/**
 * Creates or opens the file of a database, and migrates it. Part of the thread's program: it refers to
 * nothing outside of itself.
 *
 * @param onNotice called with a sentence for the log
 * @param known the file that is opened again; null for any file
 * @throws Error when the file is missing and may not be created, or is not the known one
 */
export function openFile(
  fs: typeof import('node:fs'),
  options: ThreadOptions,
  DatabaseOf: DatabaseClass,
  parts: Pick<ThreadParts, 'createPrivately' | 'makePrivate' | 'migrateFile' | 'watchFiles'>,
  onNotice: (notice: string) => void,
  known: FileId | null = null,
): OpenFile {
  const { file } = options;
  if ((known || !options.mayCreate) && !fs.existsSync(file)) {
    throw Object.assign(new Error('it is missing'), { code: 'ENOENT', syscall: 'open' });
  }
  parts.createPrivately(fs, file);
  // SQLite puts the companions of a linked file beside the file itself.
  const real = fs.realpathSync(file);
  const before = fs.statSync(real, { bigint: true });
  const expected = known ?? before;
  const isExpected = ({ dev, ino }: FileId) => dev === expected.dev && ino === expected.ino;
  const replaced = new Error(`The database ${file} was replaced while it was opened.`);
  if (!isExpected(before)) throw replaced;
  const database = new DatabaseOf(file);
  try {
    database.exec('pragma journal_mode = wal');
    database.exec('pragma synchronous = full');
    database.exec('pragma busy_timeout = 5000');
    database.exec('pragma wal_autocheckpoint = 4000');
    parts.migrateFile(database, options);
    const watch = parts.watchFiles(fs, real);
    if (!isExpected(fs.statSync(real, { bigint: true }))) {
      watch.close();
      throw replaced;
    }
    const paths = ['', '-wal', '-shm', '.lock'].map((suffix) => real + suffix);
    const notice = parts.makePrivate(fs, paths);
    if (notice !== null) onNotice(notice);
    return { database, watch, id: expected };
  } catch (error) {
    database.close();
    throw error;
  }
}
