import { type EventAppend, UnstorableError } from '../engine/storage.js';

interface Waiting {
  append: EventAppend;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** The outcome of one append of a group: committed, or rejected with an error. */
export type AppendOutcome = Error | null;

type WriteAppends = (appends: readonly EventAppend[]) => Promise<AppendOutcome[]>;

/**
 * Writes appends together. When one of them can never be stored, writes the halves of the group
 * separately, down to that one, so that it is the only one that is rejected.
 *
 * @param write writes appends in one transaction; rejects with an UnstorableError when nothing was
 *   written because of the data of one of them
 */
export async function writeIsolated(
  appends: readonly EventAppend[],
  write: WriteAppends,
): Promise<AppendOutcome[]> {
  try {
    return await write(appends);
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error));
    if (appends.length === 1 || !(failure instanceof UnstorableError)) {
      return appends.map(() => failure);
    }
    const half = Math.ceil(appends.length / 2);
    const first = await writeIsolated(appends.slice(0, half), write);
    return [...first, ...(await writeIsolated(appends.slice(half), write))];
  }
}

/**
 * Commits the appends of many sessions in groups: while one group is being written, the next one is
 * collected. One write to the disk then serves all appends that arrived meanwhile. A session has at
 * most one append in progress, which its log ensures.
 */
export class AppendGroups {
  readonly #write: WriteAppends;
  readonly #maxGroup: number;
  #waiting: Waiting[] = [];
  #isWriting = false;
  #written: Promise<void> = Promise.resolve();

  /**
   * @param write commits a group; resolves to the outcome of each append, or rejects for all
   * @param maxGroup the maximum number of appends in a group
   */
  constructor(write: WriteAppends, maxGroup = 500) {
    this.#write = write;
    this.#maxGroup = maxGroup;
  }

  commit(append: EventAppend): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ append, resolve, reject });
      if (!this.#isWriting) this.#written = this.#writeAll();
    });
  }

  /** Resolves when all pending appends are committed or rejected. */
  settled(): Promise<void> {
    return this.#written;
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    // Appends of the same turn of the event loop belong to the first group, too.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.#maxGroup);
      try {
        // oxlint-disable-next-line no-await-in-loop -- groups are written one after the other
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
