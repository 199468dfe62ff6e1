import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import type { EngineLogger } from '../engine-logger.js';
import { WorkspaceUnavailableError } from '../errors.js';

/** The folder that contains the working directories of all sessions. It may disappear while the server runs. */
export class Workspace {
  readonly #path: string;
  readonly #logger: EngineLogger;
  /** True once the log has the error of the present outage. */
  #isReported = false;

  constructor(path: string, logger: EngineLogger) {
    this.#path = path;
    this.#logger = logger;
  }

  /**
   * Resolves to its real path.
   *
   * @throws WorkspaceUnavailableError when it is missing, is not a folder, or may not be entered
   */
  async find(): Promise<string> {
    try {
      const path = await realpath(this.#path);
      // The entry `.` exists in folders only.
      await access(`${path}/.`, constants.X_OK);
      if (this.#isReported) this.#logger.log(`The workspace ${this.#path} is available again.`);
      this.#isReported = false;
      return path;
    } catch (error) {
      if (!this.#isReported) {
        this.#logger.error(
          `The workspace ${this.#path} cannot be used. Rejecting new sessions. Restore the folder, or change \`agent.workspace\`.`,
          error,
        );
      }
      this.#isReported = true;
      throw new WorkspaceUnavailableError(error);
    }
  }
}
