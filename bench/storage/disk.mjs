import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { percentile, RESULTS } from '../figures.mjs';

const WRITES = 200;

/** Measures how long the disk takes to store one page, which is the lower limit of a commit. */
export function measureDisk() {
  mkdirSync(RESULTS, { recursive: true });
  const file = new URL('disk-probe', RESULTS);
  const page = Buffer.alloc(4096, 1);
  const descriptor = openSync(file, 'w');
  const timesMs = [];
  try {
    for (let written = 0; written < WRITES; written += 1) {
      const startedAt = performance.now();
      writeSync(descriptor, page);
      fdatasyncSync(descriptor);
      timesMs.push(performance.now() - startedAt);
    }
  } finally {
    closeSync(descriptor);
    rmSync(file);
  }
  timesMs.sort((a, b) => a - b);
  return { p50Ms: percentile(timesMs, 0.5), p99Ms: percentile(timesMs, 0.99) };
}
