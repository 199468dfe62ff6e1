// Shows on stderr what a benchmark is measuring. Results go to stdout.
let benchmark = '';
let startedAt = performance.now();

/** Begins a benchmark: later lines carry its name and the time since now. */
export function begin(name) {
  benchmark = name;
  startedAt = performance.now();
}

/** Prints that the benchmark has ended, and how long it took. */
export function end() {
  show('done');
}

/** Returns a function that prints each of `total` steps as it begins, numbered from 1. */
export function countSteps(total) {
  let step = 0;
  return (title) => {
    step += 1;
    show(`${step} of ${total}: ${title}`);
  };
}

function show(text) {
  const seconds = Math.floor((performance.now() - startedAt) / 1000);
  const elapsed = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  process.stderr.write(`[${elapsed}] ${benchmark}: ${text}\n`);
}
