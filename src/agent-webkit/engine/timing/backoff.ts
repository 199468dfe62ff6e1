const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5000;

/** Yields the delays between attempts, in milliseconds: 100, then twice the last one, at most 5,000. */
export function* backoff(): Generator<number, never> {
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) yield delayMs;
}
