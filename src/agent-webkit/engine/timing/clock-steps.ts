/**
 * Measures by how much the system clock was set, for code that compares it with stored times. Durations
 * are measured by `performance.now()`, which cannot be set.
 */
export class ClockSteps {
  #clockMs = Date.now();
  #steadyMs = performance.now();

  /**
   * Returns by how many milliseconds the clock was set since the last call, negative when it was set
   * back. The sleep of a machine is a step forward, too, because `performance.now()` does not advance
   * meanwhile.
   */
  sinceLastCall(): number {
    const elapsedMs = performance.now() - this.#steadyMs;
    const step = Date.now() - this.#clockMs - elapsedMs;
    this.#clockMs = Date.now();
    this.#steadyMs += elapsedMs;
    return Math.round(step);
  }
}
