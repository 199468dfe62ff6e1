import { createHash } from 'node:crypto';
import { sep } from 'node:path';

/** The name of the server's own folder in the root of a workspace. */
export const SERVER_FOLDER = '.agent-webkit';

/** The paths of a workspace. They need not exist. */
export class Layout {
  /** The real path of the root. */
  readonly root: string;
  /** Contains a folder for each session. */
  readonly sessions: string;
  /** Contains a folder for each owner. */
  readonly owners: string;
  /** The server's own folder. No agent sees it, apart from its own home. */
  readonly server: string;
  readonly homes: string;
  readonly memories: string;
  /** Contains the folders that are being removed. Any server that uses the root empties it. */
  readonly trash: string;
  /** Contains a folder for each running server. */
  readonly servers: string;

  constructor(root: string) {
    const base = root.endsWith(sep) ? root : root + sep;
    this.root = root;
    this.sessions = `${base}sessions`;
    this.owners = `${base}owners`;
    this.server = base + SERVER_FOLDER;
    this.homes = `${this.server}/homes`;
    this.memories = `${this.server}/memories`;
    this.trash = `${this.server}/trash`;
    this.servers = `${this.server}/servers`;
  }

  /** The folders of all agents, apart from the root itself. */
  get written(): string[] {
    return [this.sessions, this.owners, this.homes, this.memories];
  }

  session(id: string): string {
    return `${this.sessions}/${id}`;
  }

  owner(owner: string): string {
    return `${this.owners}/${nameOfOwner(owner)}`;
  }

  home(id: string): string {
    return `${this.homes}/${id}`;
  }

  memory(owner: string): string {
    return `${this.memories}/${nameOfOwner(owner)}`;
  }
}

/** Returns true when a path is a folder or below it. Both are absolute and normalized. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** The ids of owners are any text; the names of their folders are not. */
function nameOfOwner(owner: string): string {
  return createHash('sha256').update(owner).digest('hex').slice(0, 32);
}
