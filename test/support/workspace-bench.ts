import { randomUUID } from 'node:crypto';
import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GivenFiles } from '../../src/agent-webkit/engine/agent-client.js';
import {
  WorkspaceFolders,
  type WorkspaceFoldersOptions,
} from '../../src/agent-webkit/engine/workspace/workspace-folders.js';
import { removeTree } from '../../src/agent-webkit/engine/workspace/remove-tree.js';

/** A new folder as workspace, and servers that use it. */
export class WorkspaceBench {
  readonly #servers: WorkspaceFolders[] = [];
  /** The lines that the servers have logged. */
  readonly logged: string[] = [];
  /** The ids of sessions whose record is stored. */
  readonly records = new Set<string>();

  private constructor(
    /** Contains the root of the workspace. */
    readonly outside: string,
    readonly root: string,
  ) {}

  static async create(): Promise<WorkspaceBench> {
    const outside = await realpath(await mkdtemp(join(tmpdir(), 'workspace-bench-')));
    return new WorkspaceBench(outside, join(outside, 'root'));
  }

  /** Starts a server. */
  async open(options: Partial<WorkspaceFoldersOptions> = {}): Promise<WorkspaceFolders> {
    const log = (line: string) => void this.logged.push(line);
    const server = new WorkspaceFolders({
      root: this.root,
      createRoot: true,
      per: 'session',
      autoMemory: 'off',
      quotaBytes: null,
      isDurable: true,
      hasRecord: (id) => Promise.resolve(this.records.has(id)),
      logger: { log, warn: log, error: log },
      ...options,
    });
    this.#servers.push(server);
    await server.open();
    return server;
  }

  /** Creates the folders of a new session, and its record. */
  async session(
    server: WorkspaceFolders,
    { owner = 'ada', cwd, files }: { owner?: string; cwd?: string; files?: GivenFiles } = {},
  ) {
    const id = randomUUID();
    const asked = await server.cwdOf(cwd, owner);
    const made = await server.create(id, owner, { cwd: asked, ...(files && { files }) });
    this.records.add(id);
    await server.recorded(id);
    return { id, owner, config: { cwd: made.cwd }, folders: made.folders };
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await server.close(5000);
    }
    await removeTree(this.outside);
  }
}
