import { expect } from '@jest/globals';

/** Returns the number of rounds: the given one, or a sixth of it where the variable of the suite is `brief`. */
export function rounds(full: number, variable = 'DURABILITY'): number {
  return process.env[variable] === 'brief' ? Math.max(2, Math.ceil(full / 6)) : full;
}

/** Counts from 1 to `count` and prints each number, because a test of many rounds takes minutes. */
export function* eachRound(count: number): Generator<number> {
  const { currentTestName } = expect.getState();
  for (let round = 1; round <= count; round += 1) {
    process.stderr.write(`  round ${round} of ${count}: ${currentTestName}\n`);
    yield round;
  }
}
