import { setTimeout as delay } from 'node:timers/promises';

/** Shorter than the suite's timeout for a test, so that a failure names the last answer. */
const LIMIT_MS = 25_000;

/**
 * Polls until `ask` returns a wanted answer, by default a truthy one, and resolves to that answer.
 * For facts that no event announces.
 *
 * @param limitMs how long to poll; `Infinity` where the caller has a limit of its own
 * @throws Error with the last answer when the time is over
 */
export async function eventually<T>(
  ask: () => T | Promise<T>,
  isWanted: (answer: T) => boolean = Boolean,
  limitMs = LIMIT_MS,
): Promise<T> {
  const startedAt = performance.now();
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- the answer decides whether to ask once more
    const answer = await ask();
    if (isWanted(answer)) return answer;
    if (performance.now() - startedAt > limitMs) {
      throw new Error(`Still ${JSON.stringify(answer)} after ${limitMs} ms.`);
    }
    // oxlint-disable-next-line no-await-in-loop -- so is this
    await delay(5);
  }
}
