// How figures are shown and kept. No machine is quiet: each figure is a median and what it ranged over.
import { mkdirSync, writeFileSync } from 'node:fs';

/** A folder for what benchmarks leave behind, on the disk that the package is on. */
export const RESULTS = new URL('results/', import.meta.url);

/** The median, and in brackets the range, of what was measured; null is what could not be. */
export function spread(values, digits = 2) {
  if (values.includes(null)) return '-';
  const sorted = values.toSorted((a, b) => a - b);
  const [median, min, max] = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)].map((value) =>
    value.toFixed(digits),
  );
  return `${median} (${min}-${max})`;
}

/** The value below which a share of the sorted values lies. */
export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** Keeps everything that was measured as `results/<name>.json`. */
export function save(name, figures) {
  mkdirSync(RESULTS, { recursive: true });
  const content = JSON.stringify({ node: process.version, ...figures }, null, 2);
  writeFileSync(new URL(`${name}.json`, RESULTS), content);
  console.log(`All figures: bench/results/${name}.json`);
}
