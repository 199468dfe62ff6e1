/** Asks again and again until the answer is as wanted, or too much time has passed. */
export async function until<T>(
  ask: () => T | Promise<T>,
  isWanted: (answer: T) => boolean,
  limitMs = 10_000,
): Promise<T> {
  const begun = performance.now();
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- an answer decides whether to ask again
    const answer = await ask();
    if (isWanted(answer)) return answer;
    if (performance.now() - begun > limitMs) {
      throw new Error(`Still ${JSON.stringify(answer)} after ${limitMs} ms.`);
    }
    // oxlint-disable-next-line no-await-in-loop -- others are to get on meanwhile
    await new Promise((resolve) => setImmediate(resolve));
  }
}
