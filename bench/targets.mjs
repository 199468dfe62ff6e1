// What a figure should be, and whether it is. Its median counts: each run has moments of its own.

/** The columns of one line of a table; `atLeast` or `atMost` is what the median should be. */
export function line(values, { atLeast, atMost, digits = 2 } = {}) {
  const sorted = values.toSorted((a, b) => a - b);
  const median = sorted[sorted.length >> 1];
  const columns = {
    min: sorted[0].toFixed(digits),
    median: median.toFixed(digits),
    max: sorted.at(-1).toFixed(digits),
    target: '',
    met: '',
  };
  if (atLeast !== undefined) {
    columns.target = `at least ${atLeast}`;
    columns.met = median >= atLeast ? 'yes' : 'no';
  }
  if (atMost !== undefined) {
    columns.target = `at most ${atMost}`;
    columns.met = median <= atMost ? 'yes' : 'no';
  }
  return columns;
}

/** Prints lines, each with its title. */
export function print(title, lines) {
  console.log(`\n${title} Node ${process.version}`);
  console.table(Object.fromEntries(lines));
}
