/** The processor time of this process for each delta, once the code is warm. */
export class CpuPerDelta {
  us = Number.NaN;
  #warmUp;
  #from = null;
  #last = 0;
  #before;

  /** @param warmUp how many deltas come before those that count */
  constructor(warmUp) {
    this.#warmUp = warmUp;
  }

  /** A delta came; they are numbered. */
  at(number) {
    this.#last = number;
    if (this.#from !== null || number < this.#warmUp) return;
    this.#from = number;
    this.#before = process.cpuUsage();
  }

  end() {
    const { user, system } = process.cpuUsage(this.#before);
    this.us = (user + system) / (this.#last - this.#from);
    return this.us;
  }
}
