import type { AgentFolders } from '../agent-client.js';

/** For how long the folders of a new session are not looked up again, in milliseconds. Its agent starts at once. */
const FRESH_MS = 1000;
const MAX_FRESH = 1000;

/** The folders of the newest sessions, which were created a moment ago. */
export class FreshFolders {
  readonly #folders = new Map<string, { folders: AgentFolders; at: number }>();

  add(id: string, folders: AgentFolders): void {
    this.#folders.set(id, { folders, at: performance.now() });
    const [oldest] = this.#folders.keys();
    if (this.#folders.size > MAX_FRESH && oldest !== undefined) this.#folders.delete(oldest);
  }

  /** Returns the folders of a session once; null when they must be looked up. */
  take(id: string): AgentFolders | null {
    const found = this.#folders.get(id);
    this.#folders.delete(id);
    return found && performance.now() - found.at < FRESH_MS ? found.folders : null;
  }
}
