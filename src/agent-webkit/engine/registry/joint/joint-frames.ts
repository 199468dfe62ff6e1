/** Frames of a stream, each as a string with one character for each byte. */
export interface JointFrames {
  readonly frames: readonly string[];
  /** The id of the last event in its session. */
  readonly lastId: number;
  /** True when the last event is the last one of its session. */
  readonly isDone: boolean;
}

const ID = 'id: '.length;
const EVENT = 'event: '.length;
const DATA = 'data: '.length;

/**
 * Returns the frames of a session's own stream as those of a stream of several sessions.
 *
 * @param bytes frames that `encodeFrame` wrote
 */
export function toJointFrames(bytes: Buffer, sessionId: string): JointFrames {
  // One character for each byte: the payload is copied, and never parsed.
  const text = bytes.toString('latin1');
  const frames: string[] = [];
  let id = '0';
  let name = '';
  for (let at = 0; at < text.length;) {
    const endOfId = text.indexOf('\n', at);
    const endOfName = text.indexOf('\n', endOfId + 1);
    const end = text.indexOf('\n\n', endOfName + 1);
    id = text.slice(at + ID, endOfId);
    name = text.slice(endOfId + 1 + EVENT, endOfName);
    const payload = text.slice(endOfName + 1 + DATA, end);
    frames.push(
      `event: ${name}\ndata: {"session_id":"${sessionId}","id":${id},"payload":${payload}}\n\n`,
    );
    at = end + 2;
  }
  return { frames, lastId: Number(id), isDone: name === 'done' };
}

/** Returns a frame of the stream itself, which is no event of a session's log. */
export function noticeFrame(event: string, sessionId: string | null, payload: object): string {
  const data = JSON.stringify({ session_id: sessionId, payload });
  return Buffer.from(`event: ${event}\ndata: ${data}\n\n`).toString('latin1');
}

/** Returns a frame with the field `id`. */
export function withCursor(frame: string, cursor: string): string {
  return `id: ${cursor}\n${frame}`;
}
