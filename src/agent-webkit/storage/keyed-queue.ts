/** Runs tasks with the same key one after the other, in the order of the calls, and others in parallel. */
export class KeyedQueue {
  /** The last unfinished task of each key. */
  readonly #tails = new Map<string, Promise<void>>();

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const result = (this.#tails.get(key) ?? Promise.resolve()).then(work);
    // The caller of a task receives its failure; the next task does not depend on it.
    const tail = result.then(nothing, nothing);
    this.#tails.set(key, tail);
    void this.#forget(key, tail);
    return result;
  }

  /** Resolves when all tasks that were added so far have finished. */
  async settled(): Promise<void> {
    await Promise.all(this.#tails.values());
  }

  async #forget(key: string, tail: Promise<void>): Promise<void> {
    await tail;
    if (this.#tails.get(key) === tail) this.#tails.delete(key);
  }
}

function nothing(): void {}
