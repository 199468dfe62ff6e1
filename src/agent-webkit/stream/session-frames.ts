import { Observable } from 'rxjs';
import type { EventSubscription } from '../engine/event-log/subscription.js';
import type { ResponseWriter } from './response-writer.js';

/** The size of the frames in one write, in bytes. */
const MAX_BYTES_PER_WRITE = 64 * 1024;

/**
 * Emits the frames of a subscription to a session, as ready bytes: first those of events that exist, then
 * every later one. Emits only while the writer is `open`. Events that the client has not read stay in
 * the session's log, which all streams share.
 *
 * Completes when the session has ended and all of its events are written. Errors when the subscription
 * is rejected, when the next event is no longer kept, and when more than `maxWaitingBytes` were
 * published while the response was `full`: its client has most likely gone.
 */
export function sessionFrames(
  subscribe: (onReadable: () => void) => EventSubscription,
  writer: ResponseWriter,
  maxWaitingBytes: number,
): Observable<Buffer> {
  return new Observable((subscriber) => {
    const read = () => {
      if (writer.state === 'full' && subscription.waitingBytes > maxWaitingBytes) {
        return subscriber.error(new Error('The client of the stream does not read.'));
      }
      while (writer.state === 'open') {
        const reading = subscription.readFrames(MAX_BYTES_PER_WRITE);
        switch (reading.kind) {
          case 'frames':
            subscriber.next(reading.bytes);
            break;
          case 'caught_up':
            return;
          case 'ended':
            return subscriber.complete();
          case 'overtaken':
            return subscriber.error(new Error('The next event of the stream is no longer kept.'));
          default:
            reading satisfies never;
        }
      }
    };
    const subscription = subscribe(read);
    writer.onOpen(read);
    return () => subscription.close();
  });
}
