import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { waitedForCpuMs } from './process-figures.mjs';

/** A finer resolution would hide stalls: a stall is one sample however long it is, among many short ones. */
const SAMPLE_MS = 10;

/**
 * Measures the event loop delay. Part of it is the time in which the thread was ready to run while another
 * program used the processor, such as the database on a small machine. The own delay excludes that time.
 */
export class LoopDelay {
  #all = monitorEventLoopDelay({ resolution: SAMPLE_MS });
  #own = createHistogram();
  #timer;

  start() {
    this.#all.enable();
    let before = now();
    this.#timer = setInterval(() => {
      const sample = now();
      const lateMs = sample.ms - before.ms - SAMPLE_MS - (sample.waitedMs - before.waitedMs);
      this.#own.record(Math.max(1, Math.round(lateMs * 1e6)));
      before = sample;
    }, SAMPLE_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#all.disable();
  }

  /** Returns a percentile of the delay, in milliseconds. */
  ms(percent) {
    return this.#all.percentile(percent) / 1e6 - SAMPLE_MS;
  }

  /** Returns the same percentile without the time spent waiting for a processor, or null if the system does not report it. */
  ownMs(percent) {
    return waitedForCpuMs() === null ? null : this.#own.percentile(percent) / 1e6;
  }
}

function now() {
  return { ms: performance.now(), waitedMs: waitedForCpuMs() };
}
