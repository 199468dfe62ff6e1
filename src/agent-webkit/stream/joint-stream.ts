import { defer, EMPTY, type Observable } from 'rxjs';
import type { Identity } from '../http/current-caller.decorator.js';
import type { JointStream } from './joint-stream.guard.js';
import { mergeUntilEnd } from './merge-until-end.js';
import { type RawResponse, ResponseWriter, writeTo } from './response-writer.js';
import { sessionFrames } from './session-frames.js';
import type { StreamOptions } from './session-stream.js';
import { untilRefused } from './until-refused.js';

/**
 * Streams the events of several sessions, for `@Sse`, as `streamSession` does those of one. When the caller may no
 * longer read one of them, the stream reports that and goes on with the others; it ends with the caller's credentials.
 */
export function streamJoint(
  { subscription, refuse }: JointStream,
  response: RawResponse,
  { keepAlive, verifyIntervalMs, maxWaitingBytes }: StreamOptions,
  identity: Identity,
): Observable<never> {
  return defer(() => {
    if (response.destroyed) return EMPTY;
    const writer = new ResponseWriter('(several)', response, refuse);
    return mergeUntilEnd(
      sessionFrames(
        (onReadable) => {
          subscription.onReadable(onReadable);
          return subscription;
        },
        writer,
        maxWaitingBytes,
      ),
      keepAlive,
      untilRefused(() => isAllowed(identity, subscription), verifyIntervalMs),
    ).pipe(writeTo(writer));
  });
}

/** Authenticates the caller again, and has the subscription check which sessions it may still read. */
async function isAllowed(
  identity: Identity,
  subscription: JointStream['subscription'],
): Promise<boolean> {
  const caller = await identity.verify();
  if (caller) await subscription.recheck(caller);
  return caller !== null;
}
