const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** How long after each failed attempt the next one follows, in milliseconds: three days in total. */
const DELAYS_MS = [
  SECOND_MS,
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  4 * HOUR_MS,
  8 * HOUR_MS,
  12 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
] as const;

/** The share by which a delay is longer at random, so that attempts do not stay together. */
const JITTER = 0.1;

/** The number of attempts to deliver one notification. */
export const MAX_ATTEMPTS = DELAYS_MS.length + 1;

/**
 * Returns how long to wait before the next attempt, in milliseconds; null after the last one.
 *
 * @param attempts the number of attempts that have failed
 */
export function delayAfter(attempts: number): number | null {
  const delayMs = DELAYS_MS[attempts - 1];
  return delayMs === undefined ? null : Math.round(delayMs * (1 + Math.random() * JITTER));
}
