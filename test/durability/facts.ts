/** The time without a fact after which the test is considered stuck. */
const STUCK_MS = 30_000;

/** Counts facts of one kind, so that a test can act right after any of them. */
export class Facts {
  #count = 0;
  #waiting: { at: number; resolve: () => void }[] = [];

  note(): void {
    this.#count += 1;
    const due = this.#waiting.filter(({ at }) => at <= this.#count);
    this.#waiting = this.#waiting.filter(({ at }) => at > this.#count);
    for (const { resolve } of due) resolve();
  }

  /** Resolves with the nth fact from now. @throws Error when no fact occurs any more */
  next(nth: number): Promise<void> {
    const at = this.#count + nth;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`${at - this.#count} of ${nth} facts are missing after ${STUCK_MS} ms.`));
      }, STUCK_MS);
      const settle = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.push({ at, resolve: settle });
    });
  }
}
