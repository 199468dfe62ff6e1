/** One event of a session's stream. */
export interface StreamEvent {
  /** Its id: an integer from 1, rising by one within the session. */
  readonly seq: number;
  readonly name: string;
  /** The payload as one line of JSON. */
  readonly data: string;
}

const FRAME = /^id: (\d+)\nevent: (.*)\ndata: (.*)$/s;
const END_OF_FRAME = '\n\n';

/** An event as it crosses the wire in a stream: a Server-Sent Event. */
export function encodeFrame({ seq, name, data }: StreamEvent): string {
  return `id: ${seq}\nevent: ${name}\ndata: ${data}${END_OF_FRAME}`;
}

/** The events of frames that {@link encodeFrame} made, one after the other. */
export function decodeFrames(frames: Buffer): StreamEvent[] {
  const events: StreamEvent[] = [];
  let start = 0;
  for (;;) {
    const end = frames.indexOf(END_OF_FRAME, start);
    if (end === -1) return events;
    // Each is a text of its own: parts of a common one would keep the whole of it.
    const found = FRAME.exec(frames.toString('utf8', start, end));
    if (!found)
      throw new TypeError('These are not frames of events whose data is one line of JSON.');
    const [, seq, name = '', data = ''] = found;
    events.push({ seq: Number(seq), name, data });
    start = end + END_OF_FRAME.length;
  }
}
