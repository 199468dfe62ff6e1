import { InvalidRequestError } from '../../errors.js';

/** The position of a stream of several sessions: the last event of each that was delivered. */
export interface JointPosition {
  /** True when the stream followed every session of its caller, so that a session without a position is new. */
  readonly isComplete: boolean;
  /** When the newest session that the stream knew was created, in milliseconds since 1970, as it is stored. */
  readonly newestAt: number;
  /** The ids of the last delivered events, by session. */
  readonly ids: ReadonlyMap<string, number>;
}

/** A position that a client has sent back. */
export interface JointCursor extends Pick<JointPosition, 'isComplete' | 'newestAt'> {
  /** As the client has sent it. */
  readonly text: string;
  /** Returns the id of the last event of a session that was delivered; undefined when the session has no position. */
  idOf(sessionId: string): number | undefined;
}

/** The maximum length of a cursor: proxies accept lines of 8 kB in a request. */
export const MAX_CURSOR_LENGTH = 7900;
const MAX_BYTES = Math.floor((MAX_CURSOR_LENGTH * 3) / 4);
const VERSION = 1;
/** How many bytes of the UUID of a session are in a cursor, at least. */
const MIN_PREFIX = 5;
const MAX_PREFIX = 16;
/** The number of bytes that the largest id takes. */
const MAX_ID_BYTES = 8;
const TEXT = /^[\w-]{1,8000}$/;

/**
 * Encodes a position. The text is opaque to clients, at most {@link MAX_CURSOR_LENGTH} characters long, and the
 * only state of a stream that is kept: any server can resume from it.
 *
 * If the sessions do not fit, the last ones are left out, and the cursor is not complete.
 */
export function encodeJointCursor({ isComplete, newestAt, ids }: JointPosition): string {
  const prefixLength = uniquePrefix([...ids.keys()]);
  const head = [VERSION, 0, prefixLength, ...varint(newestAt)];
  const room = Math.floor((MAX_BYTES - head.length) / (prefixLength + MAX_ID_BYTES));
  const bytes = Buffer.alloc(
    head.length + Math.min(ids.size, room) * (prefixLength + MAX_ID_BYTES),
  );
  let end = head.length;
  let count = 0;
  for (const [sessionId, id] of ids) {
    if (count === room) break;
    end += bytes.write(prefixOf(sessionId, prefixLength), end, 'hex');
    for (const byte of varint(id)) end = bytes.writeUInt8(byte, end);
    count += 1;
  }
  head[1] = isComplete && count === ids.size ? 1 : 0;
  bytes.set(head);
  return bytes.toString('base64url', 0, end);
}

/**
 * Decodes the result of {@link encodeJointCursor}.
 *
 * @throws InvalidRequestError when it is no such result
 */
export function decodeJointCursor(text: string): JointCursor {
  const bytes = TEXT.test(text) ? Buffer.from(text, 'base64url') : Buffer.alloc(0);
  const [version, flags = 0, prefixLength = 0] = bytes;
  const reader = new Reader(bytes, 3);
  const isKnown = version === VERSION && flags <= 1;
  const newestAt = reader.varint();
  if (!isKnown || prefixLength < MIN_PREFIX || prefixLength > MAX_PREFIX) throw invalid(text);
  const ids = new Map<string, number>();
  while (reader.hasMore) {
    const prefix = reader.hex(prefixLength);
    if (ids.has(prefix)) throw invalid(text);
    ids.set(prefix, reader.varint());
  }
  if (reader.isBroken) throw invalid(text);
  return {
    text,
    isComplete: flags === 1,
    newestAt,
    idOf: (sessionId) => ids.get(prefixOf(sessionId, prefixLength)),
  };
}

/** Returns the first bytes of a session's UUID as hexadecimal digits. */
function prefixOf(sessionId: string, bytes: number): string {
  return sessionId
    .replaceAll('-', '')
    .slice(0, bytes * 2)
    .toLowerCase();
}

/** Returns the smallest number of bytes by which the sessions differ. */
function uniquePrefix(ids: readonly string[]): number {
  for (let bytes = MIN_PREFIX; bytes < MAX_PREFIX; bytes += 1) {
    if (new Set(ids.map((id) => prefixOf(id, bytes))).size === ids.length) return bytes;
  }
  return MAX_PREFIX;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return [...bytes, rest];
}

/** Reads bytes in order. Once a value is not there, or too large, it is broken, and all further values are 0. */
class Reader {
  readonly #bytes: Buffer;
  #at: number;
  isBroken = false;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get hasMore(): boolean {
    return !this.isBroken && this.#at < this.#bytes.length;
  }

  hex(length: number): string {
    const from = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) this.isBroken = true;
    return this.#bytes.toString('hex', from, this.#at);
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; !this.isBroken; factor *= 0x80) {
      const byte = this.#bytes[this.#at];
      this.#at += 1;
      value += ((byte ?? 0) % 0x80) * factor;
      if (byte === undefined || value > Number.MAX_SAFE_INTEGER) this.isBroken = true;
      else if (byte < 0x80) return value;
    }
    return 0;
  }
}

function invalid(text: string): InvalidRequestError {
  const excerpt = JSON.stringify(text.slice(0, 40));
  return new InvalidRequestError(
    `Last-Event-ID: must be an id that this stream has sent, but got ${excerpt}. ` +
      'Reload the sessions, and connect without it.',
  );
}
