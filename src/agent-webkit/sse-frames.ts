import type { SessionEvent } from './engine/session-event.js';

interface Encoded {
  count: number;
  last: SessionEvent | undefined;
  bytes: Buffer;
}

/**
 * The same events go to many subscribers, mostly at the same time: their bytes are made once, and
 * let go after that turn of the event loop. The events themselves stay in memory for much longer.
 */
const encoded = new Map<SessionEvent, Encoded>();

/** Events as Server-Sent Events, ready to be written. Their payload is one line of JSON already. */
export function encodeFrames(events: readonly SessionEvent[]): Buffer {
  const [first] = events;
  const last = events.at(-1);
  const known = first && encoded.get(first);
  // What is kept from before a log's window has holes: the ends alone do not tell two lists apart.
  if (known?.last === last && known?.count === events.length) return known.bytes;
  const frames = events.map(
    ({ seq, name, data }) => `id: ${seq}\nevent: ${name}\ndata: ${data}\n\n`,
  );
  const bytes = Buffer.from(frames.join(''));
  if (first) {
    if (encoded.size === 0) setImmediate(() => encoded.clear());
    encoded.set(first, { count: events.length, last, bytes });
  }
  return bytes;
}
