import { mkdir } from 'node:fs/promises';
import type { AgentFolders } from '../agent-client.js';
import { ignoring, isRealFolder } from './folder-access.js';
import { isInside, type Layout } from './layout.js';
import type { Per, Place, Places } from './places.js';
import type { FolderSession } from './session-folders.js';

/** Which sessions share a folder, and a memory. */
export interface Sharing {
  readonly per: Per;
  /** `owner` when all sessions of an owner share their memory. */
  readonly autoMemory: 'off' | 'owner';
}

/** The folders of a session at their places in the workspace: creates and describes them. */
export class PlacedFolders {
  readonly #places: Places;
  readonly #options: Sharing;

  constructor(places: Places, options: Sharing) {
    this.#places = places;
    this.#options = options;
  }

  /** Creates the folder of a session or an owner, and the one that contains it. */
  async make(layout: Layout, { folder }: Place): Promise<void> {
    const parent = this.parentIn(layout);
    try {
      await mkdir(folder, { mode: 0o700 });
    } catch {
      await mkdir(parent, { mode: 0o700 }).catch(ignoring('EEXIST'));
      await this.#places.claim(layout, parent);
      await mkdir(folder, { mode: 0o700 }).catch(ignoring('EEXIST'));
    }
    if (!(await isRealFolder(parent)) || !(await isRealFolder(folder))) {
      throw new Error(`${folder} must be a folder, and no link.`);
    }
  }

  /** Returns the folder that contains those of sessions, or of owners. */
  parentIn(layout: Layout): string {
    return this.#options.per === 'session' ? layout.sessions : layout.owners;
  }

  /** Creates the folder of the memories of an owner. */
  async makeMemory(layout: Layout, { memory }: AgentFolders): Promise<void> {
    if (memory === null) return;
    await mkdir(layout.memories, { mode: 0o700 }).catch(ignoring('EEXIST'));
    await mkdir(memory, { mode: 0o700 }).catch(ignoring('EEXIST'));
  }

  /** Resolves to the folders of a session, which may not exist. */
  async describe(layout: Layout, session: FolderSession): Promise<AgentFolders> {
    const { folder, hidden, containsServer } = await this.#places.of(layout, session);
    const memory = this.#options.autoMemory === 'owner' ? layout.memory(session.owner) : null;
    const home = layout.home(session.id);
    const written = this.#options.per === 'shared' ? [layout.root] : layout.written;
    return { folder, home, memory, hidden, written, ...(containsServer && { containsServer }) };
  }

  /** Resolves to the folders that count towards the quota of a session. */
  async counted(layout: Layout, session: FolderSession): Promise<string[]> {
    const { folder, home, memory } = await this.describe(layout, session);
    // A folder that all sessions share is the host's, and so is one that it chose.
    const own = isInside(folder, layout.sessions) || isInside(folder, layout.owners);
    return [home, ...(own ? [folder] : []), ...(memory === null ? [] : [memory])];
  }
}
