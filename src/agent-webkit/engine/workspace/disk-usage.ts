import { chmod, lstat } from 'node:fs/promises';
import { codeOf, holdFolder, readEntries } from './folder-access.js';

/** Each entry counts at least this many bytes, so that empty files are limited as well. */
const MIN_ENTRY_BYTES = 1024;
/** The size of a block in `st_blocks`, on every system. */
const BLOCK_BYTES = 512;
/** Longer paths are continued from a folder that is held open. Systems accept 4096 bytes. */
const MAX_PATH_BYTES = 3000;
/** How many folders are held open at a time. A tree that needs more is too deep to be measured. */
const MAX_HELD = 64;

/**
 * Measures the disk space of folders: the blocks that their files occupy, so that holes in files count
 * nothing, and files with several names count once. Follows no link, and reads one entry after the other.
 */
export class DiskUsage {
  readonly #stopAbove: number;
  /** The files with several names that were counted. */
  readonly #counted = new Set<string>();
  #bytes = 0;
  #held = 0;

  private constructor(stopAbove: number) {
    this.#stopAbove = stopAbove;
  }

  /**
   * Resolves to the size in bytes. Missing folders count nothing; folders that are nested too deeply to
   * be measured count without limit.
   *
   * @param stopAbove the size above which the rest is not measured
   */
  static async of(folders: readonly string[], stopAbove: number): Promise<number> {
    const usage = new DiskUsage(stopAbove);
    for (const folder of folders) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await usage.#addFolder(Buffer.from(folder));
    }
    return usage.#bytes;
  }

  async #addFolder(path: Buffer): Promise<void> {
    if (this.#bytes > this.#stopAbove) return;
    if (path.length <= MAX_PATH_BYTES) return this.#addEntries(path);
    if (this.#held >= MAX_HELD) {
      this.#bytes = Number.POSITIVE_INFINITY;
      return;
    }
    this.#held += 1;
    try {
      const held = await holdFolder(path);
      await this.#addEntries(Buffer.from(held.path)).finally(() => void held.close());
    } catch (error) {
      if (codeOf(error) === 'ENAMETOOLONG') this.#bytes = Number.POSITIVE_INFINITY;
      else if (!isGone(error)) throw error;
    } finally {
      this.#held -= 1;
    }
  }

  async #addEntries(path: Buffer): Promise<void> {
    // Collected, because a folder is open while its entries are read.
    const folders: Buffer[] = [];
    try {
      await this.#readFolder(path, folders);
    } catch (error) {
      if (codeOf(error) !== 'EACCES') throw error;
      // The program that owns it has hidden its content.
      await makeReadable(path);
      folders.length = 0;
      await this.#readFolder(path, folders);
    }
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (const folder of folders) await this.#addFolder(folder);
  }

  async #readFolder(path: Buffer, folders: Buffer[]): Promise<void> {
    const slash = Buffer.from('/');
    try {
      for await (const { name } of readEntries(path)) {
        const entry = Buffer.concat([path, slash, name]);
        if (await this.#addEntry(entry)) folders.push(entry);
        if (this.#bytes > this.#stopAbove) return;
      }
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  /** Resolves to true for a folder. */
  async #addEntry(path: Buffer): Promise<boolean> {
    try {
      const found = await lstat(path, { bigint: true });
      const { dev, ino } = found;
      if (found.nlink > 1n && !found.isDirectory()) {
        const key = `${dev} ${ino}`;
        if (this.#counted.has(key)) return false;
        this.#counted.add(key);
      }
      this.#bytes += Math.max(Number(found.blocks) * BLOCK_BYTES, MIN_ENTRY_BYTES);
      return found.isDirectory();
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }
}

async function makeReadable(path: Buffer): Promise<void> {
  const held = await holdFolder(path);
  await chmod(held.path, 0o700).finally(() => void held.close());
}

/** True for an entry that was removed or replaced since its folder was read. */
function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error) ?? '');
}
