/** One event of a session's stream. */
export interface StreamEvent {
  /** A positive integer, larger than that of every earlier event of the session. */
  readonly id: number;
  readonly name: string;
  /** The payload as one line of JSON. */
  readonly data: string;
}

const FRAME = /^id: (\d+)\nevent: (.*)\ndata: (.*)$/s;
const END_OF_FRAME = '\n\n';

/** Encodes an event as a Server-Sent Event. */
export function encodeFrame({ id, name, data }: StreamEvent): string {
  return `id: ${id}\nevent: ${name}\ndata: ${data}${END_OF_FRAME}`;
}

/** Returns true when a sequence of frames that {@link encodeFrame} wrote has an event of this name. */
export function hasFrameOf(name: string, frames: Buffer): boolean {
  return frames.includes(`\nevent: ${name}\n`, 0, 'latin1');
}

/** Decodes a sequence of frames that {@link encodeFrame} wrote. */
export function decodeFrames(frames: Buffer): StreamEvent[] {
  const events: StreamEvent[] = [];
  let start = 0;
  for (;;) {
    const end = frames.indexOf(END_OF_FRAME, start);
    if (end === -1) return events;
    // Each frame is decoded to a string of its own: substrings of a common string would keep all of it.
    const found = FRAME.exec(frames.toString('utf8', start, end));
    if (!found) throw new TypeError('Not a sequence of SSE frames whose data is one line of JSON.');
    const [, id, name = '', data = ''] = found;
    events.push({ id: Number(id), name, data });
    start = end + END_OF_FRAME.length;
  }
}
