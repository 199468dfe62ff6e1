type Turn = () => Promise<void>;

/** Runs work one after the other, in turns. What has had no turn yet comes before what has had one. */
export class Turns {
  readonly #first: Turn[] = [];
  readonly #later: Turn[] = [];
  #isRunning = false;

  /**
   * Resolves when the work is finished. It gets a longer turn each time, so that it makes progress.
   *
   * @param turnMs the length of its first turn
   * @param work resolves to false when it was not finished in time
   */
  async finish(turnMs: number, work: (ms: number) => Promise<boolean>): Promise<void> {
    let queue = this.#first;
    let isFinished = false;
    for (let ms = turnMs; !isFinished; ms *= 2) {
      const length = ms;
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      isFinished = await this.#take(queue, () => work(length));
      queue = this.#later;
    }
  }

  #take<Result>(queue: Turn[], work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      queue.push(() => work().then(resolve, reject));
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let turn: Turn | undefined;
    while ((turn = this.#first.shift() ?? this.#later.shift())) {
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      await turn();
    }
    this.#isRunning = false;
  }
}
