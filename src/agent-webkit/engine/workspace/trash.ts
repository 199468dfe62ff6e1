import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, rename, rmdir } from 'node:fs/promises';
import type { EngineLogger } from '../engine-logger.js';
import { codeOf, holdFolder, ignoring } from './folder-access.js';
import { removeTree } from './remove-tree.js';
import { Turns } from './turns.js';

/** When a removal that has failed is repeated. */
const RETRY_MS = 60_000;
/** How long a removal may take before the others come first. */
const TURN_MS = 1000;
/** The longest turn. It lasts long enough for any folder that can be removed at all. */
const MAX_TURN_MS = 24 * 60 * 60_000;

/**
 * Removes folders in two steps: a folder is moved into the trash, which takes no time and makes it
 * inaccessible; then it is emptied in the background, with retries. Whatever a server leaves in the
 * trash, the next one that uses the workspace removes.
 *
 * Removals run one after the other, so that they leave threads for other work, and in turns, so that a
 * folder with very many files does not keep those of other sessions from being removed.
 */
export class Trash {
  readonly #logger: EngineLogger;
  /** The folders that are being removed, and the ends of their removals. */
  readonly #removals = new Map<string, Promise<void>>();
  readonly #retries = new Set<NodeJS.Timeout>();
  readonly #stopped = new AbortController();
  readonly #turns = new Turns();
  readonly #options: { readonly remove: typeof removeTree; readonly turnMs: number };

  constructor(logger: EngineLogger, options = { remove: removeTree, turnMs: TURN_MS }) {
    this.#logger = logger;
    this.#options = options;
  }

  /**
   * Moves a folder into the trash. Resolves to the end of the first attempt to remove it, which never
   * rejects; null when it does not exist.
   *
   * @throws the system's error when it cannot be moved. Nothing has changed then
   */
  async add(path: string, trash: string): Promise<{ removed: Promise<void> } | null> {
    const held = await holdFolder(path).catch(ignoring('ENOENT'));
    if (!held) return null;
    // A folder can only be moved by a process that may write to it.
    try {
      await chmod(held.path, 0o700).catch(ignoring('EPERM'));
    } finally {
      await held.close();
    }
    const place = `${trash}/${randomUUID()}`;
    await mkdir(place, { mode: 0o700 });
    try {
      await rename(path, `${place}/folder`);
    } catch (error) {
      await rmdir(place);
      if (codeOf(error) === 'ENOENT') return null;
      // It is a file system of its own, so that it can only be emptied where it is.
      if (codeOf(error) === 'EXDEV' || codeOf(error) === 'EBUSY') {
        return { removed: this.#remove(path) };
      }
      throw error;
    }
    return { removed: this.#remove(place) };
  }

  /** Starts to remove what earlier servers have left in the trash. */
  async empty(trash: string): Promise<void> {
    for (const name of await readdir(trash)) void this.#remove(`${trash}/${name}`);
  }

  /** Ends the removals. The next server continues them. Resolves when they have ended. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    for (const retry of this.#retries) clearTimeout(retry);
    await Promise.all(this.#removals.values());
  }

  #remove(path: string): Promise<void> {
    const known = this.#removals.get(path);
    if (known) return known;
    const { turnMs } = this.#options;
    const removal = this.#turns
      .finish(turnMs, (ms) => this.#attempt(path, Math.min(ms, MAX_TURN_MS)))
      .finally(() => this.#removals.delete(path));
    this.#removals.set(path, removal);
    return removal;
  }

  /** Resolves to false when the time is over. */
  async #attempt(path: string, turnMs: number): Promise<boolean> {
    const stopped = this.#stopped.signal;
    if (stopped.aborted) return true;
    const turn = new AbortController();
    const end = () => turn.abort();
    const timer = setTimeout(end, turnMs);
    stopped.addEventListener('abort', end);
    try {
      await this.#options.remove(path, turn.signal);
    } catch (error) {
      if (stopped.aborted) return true;
      if (turn.signal.aborted) return false;
      this.#logger.warn(
        `Could not remove ${path}. Retrying in ${RETRY_MS / 1000} s: ${String(error)}`,
      );
      const retry = setTimeout(() => {
        this.#retries.delete(retry);
        void this.#remove(path);
      }, RETRY_MS).unref();
      this.#retries.add(retry);
    } finally {
      clearTimeout(timer);
      stopped.removeEventListener('abort', end);
    }
    return true;
  }
}
