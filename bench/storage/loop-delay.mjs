import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { waitedForCpuMs } from './process-figures.mjs';

/** Not finer: a stall is one sample however long it was, and many of the calm between would hide it. */
const SAMPLE_MS = 10;

/**
 * How late the event loop is. Part of it is that the thread was ready to run and something else had
 * the processor: other programs, and where processors are few, the database. `own` is what is left
 * without that, which is what the thread itself was busy for.
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

  /** The delay below which so many percent of the samples are. */
  ms(percent) {
    return this.#all.percentile(percent) / 1e6 - SAMPLE_MS;
  }

  /** The same without the waiting for a processor; null where the system does not tell. */
  ownMs(percent) {
    return waitedForCpuMs() === null ? null : this.#own.percentile(percent) / 1e6;
  }
}

function now() {
  return { ms: performance.now(), waitedMs: waitedForCpuMs() };
}
