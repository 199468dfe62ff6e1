import type { Writable } from 'node:stream';
import { untilRefused } from '../stream/until-refused.js';

/**
 * Returns a signal that aborts when a response that waits is no longer wanted: its client has
 * disconnected, or its caller may no longer read the session.
 *
 * @param isAllowed checks the caller again. Never rejects.
 * @param intervalMs how often the caller is checked, in milliseconds; null for never
 */
export function endOfWait(
  response: Writable,
  isAllowed: () => Promise<boolean>,
  intervalMs: number | null,
): AbortSignal {
  const end = new AbortController();
  if (response.destroyed) return AbortSignal.abort(); // the client disconnected during authentication
  const check = untilRefused(isAllowed, intervalMs).subscribe({ complete: () => end.abort() });
  response.once('close', () => {
    check.unsubscribe();
    end.abort();
  });
  return end.signal;
}
