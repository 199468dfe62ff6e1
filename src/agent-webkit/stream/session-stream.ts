import { defer, EMPTY, interval, map, NEVER, type Observable } from 'rxjs';
import { GuardedSubscription } from '../engine/registry/guarded-subscription.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { StreamedSession } from './streamed-session.guard.js';
import { mergeUntilEnd } from './merge-until-end.js';
import { type RawResponse, ResponseWriter, type StreamBytes, writeTo } from './response-writer.js';
import { sessionFrames } from './session-frames.js';
import { shareByPhase } from './share-by-phase.js';
import { untilRefused } from './until-refused.js';

export interface StreamOptions extends Pick<
  ResolvedOptions,
  'verifyIntervalMs' | 'maxWaitingBytes'
> {
  /** The result of {@link keepAliveComments}. */
  keepAlive: Observable<StreamBytes>;
}

/** Without an empty line, which some clients report as an empty message. */
const KEEP_ALIVE = ': keepalive\n';

/**
 * Returns the comments that keep every stream of a module alive.
 *
 * @param keepAliveMs how often each stream receives a comment, in milliseconds; null for never
 */
export function keepAliveComments(keepAliveMs: number | null): Observable<StreamBytes> {
  if (keepAliveMs === null) return NEVER;
  return interval(keepAliveMs).pipe(
    map(() => KEEP_ALIVE),
    shareByPhase(keepAliveMs),
  );
}

/**
 * Streams a session's events after a cursor, for `@Sse`.
 *
 * Nest owns the response: its headers, its end, and the client's disconnect. Frames and comments are
 * written to the response as ready bytes, and nothing is emitted to Nest: a value would go through the
 * host's interceptors, and Nest would give it an id of its own.
 *
 * @param isAllowed resolves to false when the caller may no longer read the session. The stream then ends.
 */
export function streamSession(
  { session, after, refuse, subscriptions, isGuest }: StreamedSession,
  response: RawResponse,
  { keepAlive, verifyIntervalMs, maxWaitingBytes }: StreamOptions,
  isAllowed: (ifUnknown?: boolean) => Promise<boolean>,
): Observable<never> {
  return defer(() => {
    if (response.destroyed) return EMPTY;
    const writer = new ResponseWriter(session.id, response, refuse);
    const subscribe = (onReadable: () => void) =>
      subscriptions.subscribe(session, after, onReadable);
    return mergeUntilEnd(
      sessionFrames(
        (onReadable) =>
          isGuest
            ? new GuardedSubscription(subscribe, onReadable, () => isAllowed(false))
            : subscribe(onReadable),
        writer,
        maxWaitingBytes,
      ),
      keepAlive,
      untilRefused(() => isAllowed(), verifyIntervalMs),
    ).pipe(writeTo(writer));
  });
}
