/** The longest pause, in milliseconds, so that a wrong header cannot stop webhooks for long. */
const MAX_PAUSE_MS = 60 * 60 * 1000;

const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d{2}:\d{2}:\d{2}/;

/**
 * Returns how long not to send anything, by the header `Retry-After` of an answer, in milliseconds and at most an
 * hour; null without a header that can be read.
 *
 * @param retryAfter a number of seconds, or a date of HTTP
 * @param now the time in milliseconds since 1970
 */
export function pauseOf(retryAfter: string | undefined, now: number): number | null {
  const text = retryAfter?.trim() ?? '';
  const pauseMs = /^\d+$/.test(text) ? Number(text) * 1000 : timeOf(text) - now;
  return Number.isNaN(pauseMs) ? null : Math.min(Math.max(pauseMs, 0), MAX_PAUSE_MS);
}

/** Returns the time of a date of HTTP, in each of its three formats; NaN for another text. */
function timeOf(text: string): number {
  if (!HTTP_DATE.test(text)) return Number.NaN;
  // The format of asctime names no zone. Every date of HTTP is in UTC.
  return Date.parse(text.endsWith(' GMT') ? text : `${text} GMT`);
}
