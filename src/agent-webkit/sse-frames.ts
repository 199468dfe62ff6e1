import type { SessionEvent } from './engine/session-event.js';

/** The same events go to many subscribers, mostly at the same time: their bytes are made once. */
const encoded = new WeakMap<
  SessionEvent,
  { count: number; last: SessionEvent | undefined; bytes: Buffer }
>();

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
  if (first) encoded.set(first, { count: events.length, last, bytes });
  return bytes;
}
