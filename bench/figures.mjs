// Formats and saves figures. Every machine has other load, so each figure is a median with its range.
import { mkdirSync, writeFileSync } from 'node:fs';

/** The folder of the saved figures and of temporary databases, on the same disk as the package. */
export const RESULTS = new URL('results/', import.meta.url);

/** Returns the median and, in brackets, the range. Returns "-" if a value is null (not measurable here). */
export function spread(values, digits = 2) {
  if (values.includes(null)) return '-';
  const sorted = values.toSorted((a, b) => a - b);
  const [median, min, max] = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)].map((value) =>
    value.toFixed(digits),
  );
  return `${median} (${min}-${max})`;
}

/** Returns the value below which the given share of the sorted values lies. */
export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** Writes all figures to `results/<name>.json`. */
export function save(name, figures) {
  mkdirSync(RESULTS, { recursive: true });
  const content = JSON.stringify({ node: process.version, ...figures }, null, 2);
  writeFileSync(new URL(`${name}.json`, RESULTS), content);
  console.log(`All figures: bench/results/${name}.json`);
}
