import { randomUUID } from 'node:crypto';
import { chmod, rename, rmdir, unlink } from 'node:fs/promises';
import { codeOf, holdFolder, ignoring, readEntries } from './folder-access.js';

/** How many files are removed at a time. It leaves threads of Node.js for other work. */
const CONCURRENCY = 2;
/** How often a folder is read again because it is not empty: it may be nested, or still be written to. */
const MAX_PASSES = 10_000;

/**
 * Removes a folder with everything in it, whatever a program has put there, and follows no link.
 *
 * Folders are moved up to `top` before they are emptied, so that no path becomes too long, however
 * deep they are nested. Names are bytes, because they need not be text. Permissions that were taken
 * from folders are given back first.
 *
 * @param top a folder that only the server and the removed programs write. It is removed as well
 * @param signal ends the removal when it aborts
 * @throws the system's error, after as much as possible was removed
 */
export async function removeTree(top: string, signal?: AbortSignal): Promise<void> {
  const removal = new Removal(top, signal);
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    // oxlint-disable-next-line no-await-in-loop -- a pass leaves folders for the next one
    if (await removal.pass()) return;
  }
  throw new Error('It is still being written to.');
}

class Removal {
  readonly #top: string;
  readonly #signal: AbortSignal | undefined;
  #failure: unknown;

  constructor(top: string, signal: AbortSignal | undefined) {
    this.#top = top;
    this.#signal = signal;
  }

  /** Resolves to true when the folder is removed. */
  async pass(): Promise<boolean> {
    const held = await this.#open(this.#top);
    if (!held) return true;
    try {
      const folders: Buffer[] = [];
      await this.#empty(held.path, async (name) => void folders.push(name));
      for (const name of folders) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await this.#attempt(() => this.#removeFolder(below(held.path, name)));
      }
    } finally {
      await held.close();
    }
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await rmdir(this.#top);
      return true;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return true;
      if (codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST') return false;
      throw error;
    }
  }

  /** Removes a folder directly below the top. Its own folders are moved to the top, for the next pass. */
  async #removeFolder(path: Buffer): Promise<void> {
    const held = await this.#open(path);
    if (!held) return;
    try {
      await this.#empty(held.path, async (name) => {
        const folder = below(held.path, name);
        // A folder can only be moved by a process that may write to it.
        await (await this.#open(folder))?.close();
        await rename(folder, `${this.#top}/${randomUUID()}`);
      });
    } finally {
      await held.close();
    }
    await rmdir(path).catch(ignoring('ENOTEMPTY', 'EEXIST', 'ENOENT'));
  }

  /** Removes the files of a folder, and passes the names of its folders on. */
  async #empty(path: string, onFolder: (name: Buffer) => Promise<void>): Promise<void> {
    let running: Promise<void>[] = [];
    for await (const { name, isFolder } of readEntries(path)) {
      this.#signal?.throwIfAborted();
      const remove = () => (isFolder ? onFolder(name) : unlink(below(path, name)));
      running.push(this.#attempt(remove));
      if (running.length < CONCURRENCY) continue;
      await Promise.all(running);
      running = [];
    }
    await Promise.all(running);
  }

  /** Opens a folder, and makes it accessible for the server. Resolves to null when it does not exist. */
  async #open(path: string | Buffer) {
    const held = await holdFolder(path).catch(ignoring('ENOENT'));
    if (!held) return null;
    await chmod(held.path, 0o700).catch((error: unknown) => {
      // A folder of another user may be writable all the same.
      if (codeOf(error) !== 'EPERM') throw error;
    });
    return held;
  }

  /** Continues after a failure, which {@link pass} throws: the rest is removed all the same. */
  async #attempt(remove: () => Promise<void>): Promise<void> {
    try {
      await remove();
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.#failure ??= error;
    }
  }
}

function below(path: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${path}/`), name]);
}
