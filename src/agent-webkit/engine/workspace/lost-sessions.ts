import type { EngineLogger } from '../engine-logger.js';
import { AgentWebkitError } from '../errors.js';

export interface LostSessionsOptions {
  /** Removes the sessions of servers that are gone. */
  readonly search: () => Promise<void>;
  readonly logger: EngineLogger;
}

/** How often they are looked for. */
const INTERVAL_MS = 60_000;

/** Looks for the sessions of servers that are gone at intervals, one search at a time. */
export class LostSessions {
  readonly #options: LostSessionsOptions;
  #timer: NodeJS.Timeout | undefined;
  /** The search that runs, or the last one. */
  #searched: Promise<void> = Promise.resolve();
  #isSearching = false;

  constructor(options: LostSessionsOptions) {
    this.#options = options;
  }

  /** Searches now, and at intervals. */
  start(): void {
    this.#search();
    this.#timer = setInterval(() => this.#search(), INTERVAL_MS).unref();
  }

  /** Resolves when the last search has ended. */
  stop(): Promise<void> {
    clearInterval(this.#timer);
    return this.#searched;
  }

  #search(): void {
    if (!this.#isSearching) this.#searched = this.#searchOnce();
  }

  async #searchOnce(): Promise<void> {
    this.#isSearching = true;
    try {
      await this.#options.search();
    } catch (error) {
      if (error instanceof AgentWebkitError) return; // reported elsewhere
      this.#options.logger.warn(
        `Could not remove the folders of a server that is gone. Retrying in ${INTERVAL_MS / 1000} s: ${String(error)}`,
      );
    } finally {
      this.#isSearching = false;
    }
  }
}
