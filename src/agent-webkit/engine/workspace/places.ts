import { mkdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, normalize, relative, resolve, sep } from 'node:path';
import { ForbiddenError } from '../errors.js';
import { ignoring, isRealFolder, makeBelow } from './folder-access.js';
import { isInside, Layout, SERVER_FOLDER } from './layout.js';
import type { FolderSession } from './session-folders.js';

/** The folder of a session, and what clients may choose in it. */
export interface Place {
  readonly folder: string;
  /** Folders in it that belong to the server or to other sessions. */
  readonly hidden: readonly string[];
  /** True when folders in it are created where a client chooses them. */
  readonly isMade: boolean;
  /** True when it contains the workspace, or the current directory of the server, and the host did not choose that. */
  readonly containsServer: boolean;
}

/** Which sessions share a folder. */
export type Per = 'session' | 'owner' | 'shared';

/** Finds the folders of sessions. They need not exist. */
export class Places {
  readonly #per: Per;

  constructor(per: Per) {
    this.#per = per;
  }

  /** Returns the place of a new session. */
  async ofNew(layout: Layout, id: string, owner: string): Promise<Place> {
    switch (this.#per) {
      case 'session':
        return ownPlace(layout.session(id));
      case 'owner':
        return ownPlace(layout.owner(owner));
      case 'shared':
        return this.#withHidden(layout, layout.root);
      default:
        return this.#per satisfies never;
    }
  }

  /**
   * Returns the place of an existing session, whatever the options are by now: its own folder or that of
   * its owner, if it works there. It works elsewhere when all sessions share the root, when its host
   * chose the folder, and when an earlier version created it.
   */
  async of(layout: Layout, { id, owner, config: { cwd } }: FolderSession): Promise<Place> {
    for (const folder of [layout.session(id), layout.owner(owner)]) {
      if (isInside(cwd, folder)) return ownPlace(folder);
    }
    const isShared = this.#per === 'shared' && isInside(cwd, layout.root);
    if (isShared) return this.#withHidden(layout, layout.root);
    const containsServer =
      isInside(process.cwd(), cwd) || (isInside(layout.root, cwd) && layout.root !== cwd);
    return { ...(await this.#withHidden(layout, cwd)), containsServer };
  }

  /**
   * Creates a folder directly in the root that contains folders of sessions, and notes that it is no part
   * of a project. It exists before the first agent starts, so that it can be hidden.
   */
  async claim(layout: Layout, folder: string): Promise<void> {
    await mkdir(folder, { mode: 0o700 }).catch(ignoring('EEXIST'));
    await mkdir(markOf(layout, folder), { mode: 0o700 }).catch(ignoring('EEXIST'));
  }

  async #withHidden(layout: Layout, folder: string): Promise<Place> {
    // The folder may be the root of a workspace that was configured before.
    const earlier = new Layout(folder);
    const isEarlier = folder !== layout.root && (await isRealFolder(earlier.server));
    const layouts = isEarlier ? [layout, earlier] : [layout];
    const found = await Promise.all(layouts.map(foldersToHide));
    const hidden = found.flat().filter((path) => isInside(path, folder));
    return { folder, hidden, isMade: false, containsServer: false };
  }
}

/** Returns the folders in a root that belong to the server, or contain folders of sessions. */
async function foldersToHide(layout: Layout): Promise<string[]> {
  const claimed = await Promise.all(
    [layout.sessions, layout.owners].map(async (path) =>
      (await isRealFolder(markOf(layout, path))) && (await isRealFolder(path)) ? [path] : [],
    ),
  );
  return [layout.server, ...claimed.flat()];
}

function ownPlace(folder: string): Place {
  return { folder, hidden: [], isMade: true, containsServer: false };
}

/**
 * Resolves to the real path of a folder that a client chose. Links are followed, so that none leads out
 * of the place; a missing folder is created where the place permits it, and never through a link.
 *
 * @param field the name of the field, for the error
 * @throws ForbiddenError
 */
export async function resolveInside(place: Place, asked: string, field: string): Promise<string> {
  const { folder, hidden, isMade } = place;
  const wanted = isAbsolute(asked) ? asked : resolve(folder, asked);
  const isPermitted = (path: string) =>
    isInside(path, folder) && !hidden.some((other) => isInside(path, other));
  try {
    let path = await realpath(wanted).catch(isMade ? ignoring('ENOENT') : rethrow);
    if (path === undefined) {
      path = resolve(wanted);
      const parts = relative(folder, path).split(sep);
      if (!isPermitted(path) || parts[0] === SERVER_FOLDER) throw notInside(place, field);
      await makeBelow(folder, parts);
    }
    if (isPermitted(path) && (await stat(path)).isDirectory()) return path;
  } catch {
    // Answered the same as a folder that is not permitted.
  }
  throw notInside(place, field);
}

/**
 * Returns a path relative to the folder that a session will have.
 *
 * @throws ForbiddenError when it leads out of it
 */
export function withinSession(asked: string, field: string): string {
  const path = normalize(asked === '' ? '.' : asked).replace(/\/+$/, '') || '/';
  const [first] = path.split('/');
  if (isAbsolute(path) || first === '..' || first === SERVER_FOLDER)
    throw notInside({ isMade: true }, field);
  return path;
}

function notInside({ isMade }: Pick<Place, 'isMade'>, field: string): ForbiddenError {
  const words = isMade
    ? 'a path inside the folder of the session'
    : 'an existing folder inside the workspace';
  return new ForbiddenError(`${field}: must be ${words}.`);
}

function markOf(layout: Layout, folder: string): string {
  return join(layout.server, `has-${relative(layout.root, folder)}`);
}

function rethrow(error: unknown): never {
  throw error;
}
