/** Measures the processor time of this process per delta, after a warm-up. */
export class CpuPerDelta {
  us = Number.NaN;
  #warmUp;
  #from = null;
  #last = 0;
  #before;

  /** @param warmUp the number of deltas before the measured ones */
  constructor(warmUp) {
    this.#warmUp = warmUp;
  }

  /** Records that the delta with this number was received. */
  at(number) {
    this.#last = number;
    if (this.#from !== null || number < this.#warmUp) return;
    this.#from = number;
    this.#before = process.cpuUsage();
  }

  /** Returns the processor time per delta, in microseconds. */
  end() {
    const { user, system } = process.cpuUsage(this.#before);
    this.us = (user + system) / (this.#last - this.#from);
    return this.us;
  }
}
