import type { Writable } from 'node:stream';
import type { MessageEvent } from '@nestjs/common';
import { Observable } from 'rxjs';
import type { Session } from './engine/session.js';
import type { Subscription } from './engine/subscription.js';
import { encodeFrames } from './sse-frames.js';

/** The response under the adapter's own: what is written to it goes to the client as it is. */
export interface RawResponse extends Writable {
  readonly headersSent: boolean;
}

export interface StreamOptions {
  /** Every how many milliseconds a comment keeps the connection alive; null for never. */
  keepAliveMs: number | null;
  /** Every how many milliseconds to ask whether the stream is still allowed; null for never. */
  verifyIntervalMs: number | null;
  /** How many characters of new events may wait for a client that reads nothing. */
  maxWaitingChars: number;
  /** What is to be thrown for an error. */
  refuse: (error: unknown) => unknown;
  /** Asked meanwhile. When it says no, the stream ends. Never rejects. */
  isAllowed: () => Promise<boolean>;
}

/** How many characters of payload one write takes. */
const MAX_CHARS_PER_WRITE = 64 * 1024;
const KEEP_ALIVE = ': keepalive\n\n';

/**
 * A session's events after a cursor, for `@Sse`.
 *
 * Nest owns the response: its headers, its end, the client's leaving. The events themselves are
 * written to it as ready bytes, as many as there are and only while the client reads: what it does
 * not read stays in the session's log, which everybody shares. So are the comments that keep the
 * connection alive: the Observable only ends, because what it emitted would go through the host's
 * interceptors, and out of one that wraps answers it would come with an id that Nest invents.
 *
 * Errors with the refusal of what {@link Session.subscribe} throws; where the headers are sent
 * already, because the host's interceptors took their time, the connection is cut instead.
 */
export function streamSession(
  session: Session,
  after: number,
  response: RawResponse,
  { keepAliveMs, verifyIntervalMs, maxWaitingChars, refuse, isAllowed }: StreamOptions,
): Observable<MessageEvent> {
  return new Observable((subscriber) => {
    if (response.destroyed) return subscriber.complete(); // it left before this began
    // Both are known here, and not asked of the response for each event: on Express before Node 24
    // every response has a hidden class of its own, and looking at many of them is slow.
    let hasBegun = false;
    let isFull = false;
    const write = () => {
      while (!subscriber.closed && !isFull) {
        const reading = subscription.read(MAX_CHARS_PER_WRITE);
        switch (reading.kind) {
          case 'events':
            isFull = fillsUp(response, encodeFrames(reading.events));
            break;
          case 'caught_up':
            return;
          case 'ended':
            return subscriber.complete();
          case 'overtaken':
            return cutOff();
          default:
            reading satisfies never;
        }
      }
    };
    // So that the client, if it still lives, sees a fault and comes back with its cursor.
    const cutOff = () => {
      response.destroy();
      subscriber.complete();
    };
    const beat = () => {
      if (hasBegun && !isFull) isFull = fillsUp(response, KEEP_ALIVE);
    };
    // Nest commits the headers in a task of its own; nothing may be written before.
    const begin = () => {
      if (subscriber.closed) return;
      hasBegun = response.headersSent;
      if (hasBegun) write();
      else setImmediate(begin);
    };
    const onReadable = () => {
      if (isFull && subscription.waitingChars > maxWaitingChars) cutOff();
      else if (hasBegun) write();
    };
    let subscription: Subscription;
    try {
      subscription = session.subscribe(after, onReadable);
    } catch (error) {
      // Too late for an answer. Nest would write it as an event, with an id of its own.
      if (response.headersSent) return cutOff();
      throw refuse(error);
    }
    const onDrain = () => {
      isFull = false;
      write();
    };
    response.on('drain', onDrain);
    // Nest unsubscribes, but what an interceptor of the host has subscribed by itself stays.
    const onClose = () => subscriber.complete();
    response.on('close', onClose);
    let isVerifying = false;
    const verify = async () => {
      if (isVerifying) return; // one that takes long is not asked for once more
      isVerifying = true;
      if (!(await isAllowed())) subscriber.complete();
      isVerifying = false;
    };
    const keepAlive = keepAliveMs === null ? undefined : setInterval(beat, keepAliveMs);
    const verification =
      verifyIntervalMs === null ? undefined : setInterval(() => void verify(), verifyIntervalMs);
    subscriber.add(() => {
      clearInterval(keepAlive);
      clearInterval(verification);
      subscription.close();
      response.off('drain', onDrain);
      response.off('close', onClose);
    });
    begin();
  });
}

/**
 * Writes, and tells whether nothing more is to be written until 'drain'. Middleware of the host may
 * have put a `write` of its own in place, which forgets to return that; then the response is asked.
 */
function fillsUp(response: RawResponse, bytes: Buffer | string): boolean {
  const hasRoom = response.write(bytes) as boolean | undefined;
  return hasRoom === undefined ? response.writableNeedDrain : !hasRoom;
}
