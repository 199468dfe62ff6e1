import { randomUUID } from 'node:crypto';
import {
  mkdir,
  readdir,
  readFile,
  rm,
  rmdir,
  stat,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { ignoring } from './folder-access.js';
import type { Layout } from './layout.js';
import { hasEnded, identifyThisProcess, type ProcessIdentity } from './server-entry.js';

/** How often a server shows that it runs. */
const BEAT_MS = 30_000;
/** A server whose entry has not changed for this long is gone. */
const GONE_MS = 5 * 60_000;

/** The file in the entry of a server that says which process it is. It is touched while the server runs. */
const IDENTITY = 'server.json';

/**
 * The sessions of which only a running server knows: new ones whose record is not stored yet, those of
 * agents that start ahead, and all sessions of a storage that is not durable. Each running server has a
 * folder with an empty file for each of them, so that the next server can remove what they have left
 * when it ends unexpectedly.
 *
 * A server is gone when its process has ended, or, where that cannot be seen, when its entry has not
 * changed for five minutes of this server's own time. Clocks are not compared.
 */
export class UnrecordedSessions {
  readonly #name = randomUUID();
  readonly #ids = new Set<string>();
  #beat: NodeJS.Timeout | undefined;
  /** When this server first saw the present entry of another one, as `performance.now()`. */
  readonly #seen = new Map<string, { touchedAt: number; at: number }>();

  /** The ids of this server. */
  get ids(): readonly string[] {
    return [...this.#ids];
  }

  /** Creates the entry of this server. */
  async open(layout: Layout): Promise<void> {
    const identity = await identifyThisProcess();
    const place = this.#placeIn(layout);
    await mkdir(place, { mode: 0o700 });
    await writeFile(`${place}/${IDENTITY}`, JSON.stringify(identity), { mode: 0o600 });
    this.#beat = setInterval(() => {
      const now = new Date();
      // A workspace that is away is reported elsewhere.
      utimes(`${place}/${IDENTITY}`, now, now).catch(() => undefined);
    }, BEAT_MS).unref();
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  async add(layout: Layout, id: string): Promise<void> {
    this.#ids.add(id);
    await writeFile(`${this.#placeIn(layout)}/${id}`, '', { mode: 0o600 });
  }

  /** Call it when the record is stored, or the folders are removed. */
  async delete(layout: Layout, id: string): Promise<void> {
    if (!this.#ids.delete(id)) return;
    await unlink(`${this.#placeIn(layout)}/${id}`).catch(ignoring('ENOENT'));
  }

  /** Removes the entry of this server if it has no session left. */
  async close(layout: Layout): Promise<void> {
    clearInterval(this.#beat);
    if (this.#ids.size > 0) return;
    await rm(this.#placeIn(layout), { recursive: true, force: true });
  }

  /**
   * Finds the sessions of servers that are gone, and forgets a server once its sessions are removed.
   *
   * @param remove removes what a session has left
   */
  async removeLost(layout: Layout, remove: (id: string) => Promise<void>): Promise<void> {
    for (const name of await readdir(layout.servers)) {
      if (name === this.#name) continue;
      const place = `${layout.servers}/${name}`;
      /* oxlint-disable no-await-in-loop -- one server after the other */
      if (!(await this.#isGone(name, place))) continue;
      for (const id of await readdir(place)) {
        if (id === IDENTITY) continue;
        await remove(id);
        await unlink(`${place}/${id}`).catch(ignoring('ENOENT'));
      }
      await unlink(`${place}/${IDENTITY}`).catch(ignoring('ENOENT'));
      await rmdir(place).catch(ignoring('ENOENT', 'ENOTEMPTY'));
      this.#seen.delete(name);
      /* oxlint-enable no-await-in-loop */
    }
  }

  async #isGone(name: string, place: string): Promise<boolean> {
    const file = `${place}/${IDENTITY}`;
    const touchedAt = await stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0, // being created, or being removed
    );
    const identity = await readFile(file, 'utf8').then(parseIdentity, () => null);
    if (identity && (await hasEnded(identity))) return true;
    const seen = this.#seen.get(name);
    const now = performance.now();
    if (seen?.touchedAt === touchedAt) return now - seen.at > GONE_MS;
    this.#seen.set(name, { touchedAt, at: now });
    return false;
  }

  #placeIn(layout: Layout): string {
    return `${layout.servers}/${this.#name}`;
  }
}

function parseIdentity(text: string): ProcessIdentity | null {
  try {
    return JSON.parse(text) as ProcessIdentity;
  } catch {
    return null; // being written
  }
}
