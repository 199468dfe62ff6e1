import { ClockSteps } from '../timing/clock-steps.js';

/** A step of the system clock below this is noise, in milliseconds. */
const MIN_STEP_MS = 50;

/**
 * A clock in milliseconds that never goes back, and that advances also while the machine sleeps. A system
 * clock that is set forward advances it, too, so that it is never behind the clock of the storage.
 */
export class LeaseClock {
  readonly #steps = new ClockSteps();
  #skippedMs = 0;

  now(): number {
    const step = this.#steps.sinceLastCall();
    if (step >= MIN_STEP_MS) this.#skippedMs += step;
    return performance.now() + this.#skippedMs;
  }
}
