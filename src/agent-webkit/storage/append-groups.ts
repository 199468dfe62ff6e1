import type { EventAppend } from '../engine/storage.js';

interface Waiting {
  append: EventAppend;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** How an append of a group ended: committed, or why not. */
export type AppendOutcome = Error | null;

/**
 * Commits the appends of many sessions together: while one group is being written, the next one
 * gathers. One write to the disk then serves all that came meanwhile. Of one session there is at
 * most one append under way, which its log sees to.
 */
export class AppendGroups {
  readonly #write: (group: readonly EventAppend[]) => Promise<AppendOutcome[]>;
  readonly #maxGroup: number;
  #waiting: Waiting[] = [];
  #isWriting = false;
  #written: Promise<void> = Promise.resolve();

  /**
   * @param write commits a group; resolves to each append's own outcome, or rejects for all
   * @param maxGroup how many appends one group may have
   */
  constructor(write: (group: readonly EventAppend[]) => Promise<AppendOutcome[]>, maxGroup = 500) {
    this.#write = write;
    this.#maxGroup = maxGroup;
  }

  commit(append: EventAppend): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ append, resolve, reject });
      if (!this.#isWriting) this.#written = this.#writeAll();
    });
  }

  /** Resolves when everything that waits has been written or refused. */
  settled(): Promise<void> {
    return this.#written;
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    // What is appended in the same turn of the event loop belongs to the first group, too.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.#maxGroup);
      try {
        // oxlint-disable-next-line no-await-in-loop -- one group after the other is the point
        const outcomes = await this.#write(group.map(({ append }) => append));
        for (const [index, { resolve, reject }] of group.entries()) {
          const outcome = outcomes[index] ?? null;
          if (outcome) reject(outcome);
          else resolve();
        }
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#isWriting = false;
  }
}
