import { constants } from 'node:fs';
import { access, lstat, mkdir, realpath, stat } from 'node:fs/promises';
import type { EngineLogger } from '../engine-logger.js';
import { ServerOverloadedError, WorkspaceUnavailableError } from '../errors.js';
import { isScarcity } from '../scarcity.js';
import { codeOf, ignoring } from './folder-access.js';
import { Layout } from './layout.js';

/** The folder that contains the folders of all sessions. It may disappear while the server runs. */
export class WorkspaceRoot {
  readonly #path: string;
  readonly #logger: EngineLogger;
  /** True once the log has the error of the present outage. */
  #isReported = false;
  /** The device of the root in which this server found or created its own folder. */
  #device: number | null = null;

  constructor(path: string, logger: EngineLogger) {
    this.#path = path;
    this.#logger = logger;
  }

  /** The configured path, for messages to operators. */
  get path(): string {
    return this.#path;
  }

  /** Creates the root, and no folder above it. */
  async create(): Promise<void> {
    await mkdir(this.#path, { mode: 0o700 }).catch(ignoring('EEXIST'));
  }

  /**
   * Resolves to the paths of the workspace, after creating the server's own folders where they are
   * missing.
   *
   * @throws WorkspaceUnavailableError when it is missing, is not a folder, or may not be entered
   * @throws ServerOverloadedError when the system has no file descriptor or memory left
   */
  async find(): Promise<Layout> {
    try {
      const layout = await this.prepare();
      if (this.#isReported) this.#logger.log(`The workspace ${this.#path} is available again.`);
      this.#isReported = false;
      return layout;
    } catch (error) {
      if (isScarcity(error)) throw new ServerOverloadedError({ cause: error });
      if (!this.#isReported) {
        this.#logger.error(
          `The workspace ${this.#path} cannot be used. Rejecting new sessions. Restore the folder, or change \`workspace.root\`.`,
          error,
        );
      }
      this.#isReported = true;
      throw new WorkspaceUnavailableError(error);
    }
  }

  /** Does the same as {@link find}, and throws the system's error. */
  async prepare(): Promise<Layout> {
    const root = await realpath(this.#path);
    // The entry `.` exists in folders only.
    await access(`${root}/.`, constants.X_OK);
    const layout = new Layout(root);
    const { dev } = await stat(root);
    if (!(await isFolder(layout.server))) {
      // A file system that was mounted here is not, so that nothing may be written below it.
      if (this.#device !== null && this.#device !== dev) {
        throw new Error(`Its file system is not mounted: it has no folder ${layout.server}.`);
      }
      await mkdir(layout.server, { mode: 0o700 }).catch(ignoring('EEXIST'));
    }
    this.#device = dev;
    for (const path of [layout.homes, layout.trash, layout.servers]) {
      // oxlint-disable-next-line no-await-in-loop -- a few folders, which usually exist
      if (!(await isFolder(path))) await mkdir(path, { mode: 0o700 }).catch(ignoring('EEXIST'));
    }
    return layout;
  }
}

/** @throws Error when the path leads to something else: a link would lead an agent out */
async function isFolder(path: string): Promise<boolean> {
  try {
    const found = await lstat(path);
    if (found.isDirectory()) return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
  throw new Error(`${path} must be a folder. Remove it, or choose another \`workspace.root\`.`);
}
