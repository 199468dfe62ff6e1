/** Runs what is asked for under one key in the order of asking, and what has different keys at the same time. */
export class KeyedQueue {
  /** The last of each key that has not ended. */
  readonly #tails = new Map<string, Promise<void>>();

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const result = (this.#tails.get(key) ?? Promise.resolve()).then(work);
    // A failure is told to whoever asked for it; the next one does not depend on it.
    const tail = result.then(nothing, nothing);
    this.#tails.set(key, tail);
    void this.#forget(key, tail);
    return result;
  }

  /** Resolves when nothing is under way of what was asked for until now. */
  async settled(): Promise<void> {
    await Promise.all(this.#tails.values());
  }

  async #forget(key: string, tail: Promise<void>): Promise<void> {
    await tail;
    if (this.#tails.get(key) === tail) this.#tails.delete(key);
  }
}

function nothing(): void {}
