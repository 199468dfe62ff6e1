import { mkdir, realpath } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import type { AgentFolders, GivenFiles } from '../agent-client.js';
import type { EngineLogger } from '../engine-logger.js';
import { AgentWebkitError, ServerOverloadedError, WorkspaceUnavailableError } from '../errors.js';
import { isScarcity } from '../scarcity.js';
import { HostConfigurationError } from '../host-configuration-error.js';
import { WorkspaceError } from '../workspace-error.js';
import { within } from '../timing/within.js';
import { copyFiles } from './copy-files.js';
import { DiskUsage } from './disk-usage.js';
import { ignoring, isRealFolder, makeBelow } from './folder-access.js';
import { FreshFolders } from './fresh-folders.js';
import { checkGivenFiles } from './given-files.js';
import { isInside } from './layout.js';
import { LostSessions } from './lost-sessions.js';
import { describeOtherFiles, hasOtherFiles } from './other-files.js';
import { PlacedFolders, type Sharing } from './placed-folders.js';
import { Places, resolveInside, withinSession } from './places.js';
import { SessionFolderMissingError } from './session-folder-missing-error.js';
import type { FolderSession, NewFolders, SessionFolders } from './session-folders.js';
import { Trash } from './trash.js';
import { UnrecordedSessions } from './unrecorded-sessions.js';
import { WorkspaceRoot } from './workspace-root.js';

export interface WorkspaceSettings extends Sharing {
  /** The path of the root. */
  readonly root: string;
  /** True to create the root when it is missing. */
  readonly createRoot: boolean;
  /** Maximum size of the folder and the home of a session, in bytes; null for no limit. */
  readonly quotaBytes: number | null;
}

export interface WorkspaceFoldersOptions extends WorkspaceSettings {
  /** True when the storage keeps the records of sessions beyond the end of this server. */
  readonly isDurable: boolean;
  /** Resolves to true when the storage has the record of a session. */
  readonly hasRecord: (id: string) => Promise<boolean>;
  readonly logger: EngineLogger;
}

/** How long a deletion waits for files to be removed. They are inaccessible from its beginning. */
const REMOVAL_TIMEOUT_MS = 5000;
const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/;

/** The folders of sessions in the file system, in the layout of {@link Layout}. */
export class WorkspaceFolders implements SessionFolders {
  readonly #options: WorkspaceFoldersOptions;
  readonly #root: WorkspaceRoot;
  readonly #places: Places;
  readonly #placed: PlacedFolders;
  readonly #trash: Trash;
  readonly #unrecorded = new UnrecordedSessions();
  readonly #fresh = new FreshFolders();
  readonly #lost: LostSessions;
  /** The measurement that runs, or the last one. */
  #measured: Promise<unknown> = Promise.resolve();
  #isOpen = false;
  #isClosed = false;

  constructor(options: WorkspaceFoldersOptions) {
    const { root, per, logger } = options;
    this.#options = options;
    this.#root = new WorkspaceRoot(root, logger);
    this.#places = new Places(per);
    this.#placed = new PlacedFolders(this.#places, options);
    this.#trash = new Trash(logger);
    this.#lost = new LostSessions({
      logger,
      search: async () => {
        const layout = await this.#root.find();
        await this.#unrecorded.removeLost(layout, async (id) => {
          if (UUID.test(id) && !(await options.hasRecord(id))) await this.remove(id);
        });
      },
    });
  }

  get canStartAhead(): boolean {
    const { per, autoMemory } = this.#options;
    return per !== 'owner' && autoMemory === 'off';
  }

  get quotaBytes(): number | null {
    return this.#options.quotaBytes;
  }

  async open(): Promise<void> {
    const { createRoot, root, per } = this.#options;
    try {
      if (createRoot) await this.#root.create();
      const layout = await this.#root.prepare();
      if (per !== 'shared') {
        await this.#places.claim(layout, this.#placed.parentIn(layout));
        if (await hasOtherFiles(layout)) this.#options.logger.log(describeOtherFiles(root, per));
      } else if (isInside(process.cwd(), layout.root)) {
        this.#options.logger.warn(
          `The workspace ${root} contains the current directory of the server. Agents can read and change all files in it, such as a database and .env. Start the server in another directory, and move such files there.`,
        );
      }
      await this.#unrecorded.open(layout);
      await this.#trash.empty(layout.trash);
    } catch (cause) {
      throw new WorkspaceError(
        `The workspace ${root} cannot be used (${String(cause)}). Make it a folder that the server may write, or set another \`workspace.root\` (AGENT_WEBKIT_WORKSPACE).`,
        { cause },
      );
    }
    this.#isOpen = true;
    this.#lost.start();
  }

  async cwdOf(asked: string | undefined, owner: string | null): Promise<string> {
    const { per } = this.#options;
    const layout = await this.#root.find();
    if (per === 'session') return withinSession(asked ?? '.', 'cwd');
    const place = await this.#places.ofNew(layout, '', owner ?? '');
    if (place.isMade) await this.#placed.make(layout, place);
    return resolveInside(place, asked ?? '.', 'cwd');
  }

  async cwdOfHost(asked: string, owner: string): Promise<string> {
    const isPath = typeof asked === 'string' && asked !== '' && !asked.includes('\0');
    if (!isPath) throw new HostConfigurationError('cwd', 'a path', asked);
    if (!isAbsolute(asked)) return this.cwdOf(asked, owner);
    const layout = await this.#root.find();
    const path = await realpath(asked).catch(() => null);
    if (path === null || !(await isRealFolder(path))) {
      throw new HostConfigurationError('cwd', 'the path of an existing folder', asked);
    }
    const isOfOthers = [layout.server, layout.sessions, layout.owners].some((folder) =>
      isInside(path, folder),
    );
    if (!isOfOthers || isInside(path, layout.owner(owner))) return path;
    const words = 'a folder that does not belong to the server or to another session';
    throw new HostConfigurationError('cwd', words, asked);
  }

  checkFiles(files: unknown, cwd: string): Promise<GivenFiles> {
    return checkGivenFiles(files, this.#options.per === 'session' && !isAbsolute(cwd));
  }

  async create(
    id: string,
    owner: string | null,
    config: FolderSession['config'],
  ): Promise<NewFolders> {
    const layout = await this.#root.find();
    try {
      const startedAhead = this.#unrecorded.has(id);
      if (!startedAhead) {
        await this.#unrecorded.add(layout, id);
        await mkdir(layout.home(id), { mode: 0o700 });
      }
      let { cwd } = config;
      if (!isAbsolute(cwd)) {
        const place = await this.#places.ofNew(layout, id, owner ?? '');
        if (!startedAhead) {
          await this.#placed.make(layout, place);
          await copyFiles(place.folder, config.files?.copy ?? []);
        }
        cwd = await resolveInside(place, cwd, 'cwd');
      }
      const folders = await this.#placed.describe(layout, {
        id,
        owner: owner ?? '',
        config: { cwd },
      });
      await this.#placed.makeMemory(layout, folders);
      this.#fresh.add(id, folders);
      return { cwd, folders };
    } catch (error) {
      await this.remove(id).catch(() => undefined); // the next server removes it
      if (error instanceof AgentWebkitError || error instanceof TypeError) throw error;
      if (isScarcity(error)) throw new ServerOverloadedError({ cause: error });
      this.#options.logger.error(`Could not create the folders of session ${id}.`, error);
      throw new WorkspaceUnavailableError(error);
    }
  }

  async recorded(id: string): Promise<void> {
    if (!this.#options.isDurable) return;
    await this.#unrecorded.delete(await this.#root.find(), id);
  }

  async find(session: FolderSession): Promise<AgentFolders> {
    const fresh = this.#fresh.take(session.id);
    if (fresh) return fresh;
    try {
      const layout = await this.#root.find();
      const { folder, isMade } = await this.#places.of(layout, session);
      if (!(await isRealFolder(folder))) throw new Error(`${folder} is missing, or is no folder.`);
      const folders = await this.#placed.describe(layout, session);
      await mkdir(folders.home, { mode: 0o700 }).catch(ignoring('EEXIST'));
      await this.#placed.makeMemory(layout, folders);
      const { cwd } = session.config;
      // An agent may have removed or replaced it. Nothing outside its folder may take its place.
      if (isMade) await makeBelow(folder, relative(folder, cwd).split(sep).filter(Boolean));
      else if (!(await isRealFolder(cwd))) throw new Error(`${cwd} is missing, or is no folder.`);
      return folders;
    } catch (cause) {
      throw new SessionFolderMissingError(cause);
    }
  }

  async measure(
    session: FolderSession,
    stopAbove: number,
    others: readonly string[] = [],
  ): Promise<number> {
    const measured = this.#measured.then(async () => {
      if (this.#isClosed) return 0;
      const counted = await this.#placed.counted(await this.#root.find(), session);
      return DiskUsage.of([...counted, ...others], stopAbove);
    });
    this.#measured = measured.catch(() => undefined);
    return measured;
  }

  async resolve(
    session: FolderSession,
    paths: readonly string[],
    field: string,
  ): Promise<string[]> {
    const layout = await this.#root.find();
    const place = await this.#places.of(layout, session);
    const existing = { ...place, isMade: false };
    return Promise.all(paths.map((path) => resolveInside(existing, path, field)));
  }

  async remove(id: string): Promise<void> {
    const layout = await this.#root.find();
    const removals: Promise<void>[] = [];
    for (const path of [layout.session(id), layout.home(id)]) {
      // oxlint-disable-next-line no-await-in-loop -- two folders
      const moved = await this.#trash.add(path, layout.trash);
      if (moved) removals.push(moved.removed);
    }
    await this.#unrecorded.delete(layout, id);
    await within(REMOVAL_TIMEOUT_MS, Promise.all(removals));
  }

  async close(timeoutMs: number): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (!this.#isOpen) return;
    const searched = this.#lost.stop();
    const { isDurable } = this.#options;
    const removed = async () => {
      const layout = await this.#root.find();
      const left = isDurable ? [] : this.#unrecorded.ids;
      await Promise.all(left.map((id) => this.remove(id)));
      await this.#unrecorded.close(layout);
    };
    await within(timeoutMs, removed()).catch(() => undefined); // the next server continues
    await this.#trash.stop();
    await searched;
  }
}
