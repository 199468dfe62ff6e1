// Compares figures to their targets. The median decides, because single repetitions vary.

/** Returns the columns of one line of a table. `atLeast` or `atMost` is the target for the median. */
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

/** Prints a table. Each line is a pair of its title and its columns. */
export function print(title, lines) {
  console.log(`\n${title} Node ${process.version}`);
  console.table(Object.fromEntries(lines));
}
