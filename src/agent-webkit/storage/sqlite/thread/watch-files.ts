/** A change to the files of an open database that SQLite did not make. */
export type FileProblem =
  /** There is no file at the path. `isGone` when no other path leads to the file either. */
  | { readonly name: 'missing'; readonly isGone: boolean }
  /** Another file is at the path. `isGone` when no other path leads to the open file. */
  | { readonly name: 'replaced'; readonly isGone: boolean }
  /** Another program wrote into the file, and did not use SQLite. */
  | { readonly name: 'overwritten' }
  /** The file with this suffix is missing, or another one is at its path. The database itself is unchanged. */
  | { readonly name: 'companion'; readonly suffix: string; readonly isReplaced: boolean };

export interface FileWatch {
  /** Returns null when the paths lead to the open files, and nothing but SQLite has written the database. */
  check(): FileProblem | null;
  /** Closes the watch. Call it when the database is closed: a process that closes a file loses its locks on it. */
  close(): void;
}

/**
 * Watches the files of a database that SQLite has just opened in WAL mode: `file`, `file-wal` and
 * `file-shm`. Part of the thread's program: it refers to nothing outside of itself.
 *
 * A file is identified by its device and inode, which the system does not reuse while SQLite has it
 * open. Between two checkpoints, SQLite does not write the database itself: a changed file without a
 * checkpoint was written by another program, for example by a `cp` of a backup.
 */
export function watchFiles(fs: typeof import('node:fs'), file: string): FileWatch {
  type Stats = import('node:fs').BigIntStats;
  /** The header of a database, and what the header of a shared memory file says about checkpoints. */
  const HEADER_BYTES = 100;
  const SALT = { at: 32, bytes: 8 };
  const BACKFILL_AT = 96;
  const ATTEMPTED_AT = 128;
  const SHM_BYTES = 132;

  const find = (path: string): Stats | undefined =>
    fs.statSync(path, { bigint: true, throwIfNoEntry: false });
  const isSame = (one: Stats, other: Stats): boolean =>
    one.dev === other.dev && one.ino === other.ino;
  const read = (descriptor: number, bytes: number): Buffer => {
    const buffer = Buffer.alloc(bytes);
    fs.readSync(descriptor, buffer, 0, bytes, 0);
    return buffer;
  };

  const opened = fs.openSync(file, 'r');
  const companions = ['-wal', '-shm'].map((suffix) => ({
    suffix,
    stats: fs.statSync(file + suffix, { bigint: true }),
  }));
  const shm = fs.openSync(`${file}-shm`, 'r');

  const readCheckpoints = () => {
    const header = read(shm, SHM_BYTES);
    const backfill = header.subarray(BACKFILL_AT, BACKFILL_AT + 4);
    const attempted = header.subarray(ATTEMPTED_AT, ATTEMPTED_AT + 4);
    return {
      isRunning: !backfill.equals(attempted),
      mark: Buffer.concat([header.subarray(SALT.at, SALT.at + SALT.bytes), backfill, attempted]),
    };
  };
  // The checkpoints first: another program may complete one at any moment, and what it wrote afterwards
  // must count as written by a checkpoint.
  let knownMark = readCheckpoints().mark;
  let known = fs.fstatSync(opened, { bigint: true });
  let knownHeader = read(opened, HEADER_BYTES);

  /** Compares the content of the database when its time or size has changed. */
  const isOverwritten = (found: Stats): boolean => {
    if (found.mtimeNs === known.mtimeNs && found.size === known.size) return false;
    const before = readCheckpoints();
    const now = fs.fstatSync(opened, { bigint: true });
    const header = read(opened, HEADER_BYTES);
    const after = readCheckpoints();
    const hasCheckpoint =
      before.isRunning ||
      after.isRunning ||
      ![before, after].every(({ mark }) => mark.equals(knownMark));
    // A changed time alone, as after `touch`, is no reason to reject requests.
    if (!hasCheckpoint && (now.size !== known.size || !header.equals(knownHeader))) return true;
    known = now;
    knownHeader = header;
    knownMark = before.mark;
    return false;
  };

  const check = (): FileProblem | null => {
    const now = find(file);
    if (!now || !isSame(now, known)) {
      const isGone = fs.fstatSync(opened).nlink === 0;
      return { name: now ? 'replaced' : 'missing', isGone };
    }
    if (isOverwritten(now)) return { name: 'overwritten' };
    for (const { suffix, stats } of companions) {
      const found = find(file + suffix);
      if (!found || !isSame(found, stats)) {
        return { name: 'companion', suffix, isReplaced: found !== undefined };
      }
    }
    return null;
  };

  const close = (): void => {
    fs.closeSync(opened);
    fs.closeSync(shm);
  };
  return { check, close };
}
