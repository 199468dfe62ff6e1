/** The name that TLS is to be opened for, as far as the first bytes of a connection have it. */
export type ServerName =
  /** At least as many bytes are needed. */
  | { readonly kind: 'incomplete'; readonly needs: number }
  /** This is no TLS, or it names no host. */
  | { readonly kind: 'none' }
  | { readonly kind: 'name'; readonly name: string };

/** The content type of a TLS record that contains a handshake. It is the first byte of each TLS connection. */
export const TLS_HANDSHAKE = 0x16;
/** Bytes of a longer ClientHello are refused. Those of browsers have less than 4 KiB, also with keys against quantum computers. */
export const MAX_CLIENT_HELLO = 16_384;

const NONE: ServerName = { kind: 'none' };
const RECORD_HEADER = 5;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;

/** Reads the server name (SNI) of a ClientHello from the first bytes of a connection: RFC 8446, 4.1.2, and RFC 6066, 3. */
export function readServerName(bytes: Buffer): ServerName {
  const { handshake, end, needs } = joinRecords(bytes);
  if (handshake === null) return NONE;
  const length = handshake.length < 4 ? 0 : handshake.readUIntBE(1, 3);
  if ((handshake[0] ?? CLIENT_HELLO) !== CLIENT_HELLO || length > MAX_CLIENT_HELLO) return NONE;
  const missing = 4 + length - handshake.length;
  if (missing <= 0) return nameIn(new Reader(handshake.subarray(4, 4 + length)));
  // A message in many small records is not read again after each of them.
  const needed = Math.max(needs, end + missing);
  return needed > MAX_CLIENT_HELLO ? NONE : { kind: 'incomplete', needs: needed };
}

/**
 * Returns the handshake messages of all complete records, null when the bytes are something else; the end of
 * the last complete record, and of the next one as far as it is known.
 */
function joinRecords(bytes: Buffer): { handshake: Buffer | null; end: number; needs: number } {
  const parts: Buffer[] = [];
  let at = 0;
  let needs = 0;
  while (at < bytes.length) {
    if (bytes[at] !== TLS_HANDSHAKE) return { handshake: null, end: at, needs };
    needs = at + RECORD_HEADER;
    if (needs > bytes.length) break;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0) return { handshake: null, end: at, needs };
    needs += length;
    if (needs > bytes.length) break;
    parts.push(bytes.subarray(at + RECORD_HEADER, needs));
    at = needs;
  }
  return { handshake: Buffer.concat(parts), end: at, needs };
}

function nameIn(hello: Reader): ServerName {
  try {
    hello.bytes(2 + 32); // version, random
    hello.bytes(hello.integer(1)); // session id
    hello.bytes(hello.integer(2)); // cipher suites
    hello.bytes(hello.integer(1)); // compression methods
    const extensions = new Reader(hello.bytes(hello.integer(2)));
    const names: string[] = [];
    while (!extensions.isAtEnd) {
      const type = extensions.integer(2);
      const data = extensions.bytes(extensions.integer(2));
      if (type === SERVER_NAME) names.push(...namesOf(new Reader(data)));
    }
    const [name, ...others] = names;
    // Several names are invalid. A server could choose another one of them than this gateway.
    return name === undefined || others.length > 0 ? NONE : { kind: 'name', name };
  } catch (error) {
    if (error instanceof RangeError) return NONE; // lengths that contradict each other
    throw error;
  }
}

function namesOf(extension: Reader): string[] {
  const list = new Reader(extension.bytes(extension.integer(2)));
  const names: string[] = [];
  while (!list.isAtEnd) {
    const type = list.integer(1);
    const name = list.bytes(list.integer(2));
    names.push(type === HOST_NAME ? name.toString('latin1') : '');
  }
  return names;
}

/** Reads from the beginning of some bytes. Throws a RangeError at their end. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  integer(size: number): number {
    return this.bytes(size).readUIntBE(0, size);
  }

  bytes(size: number): Buffer {
    const end = this.#at + size;
    if (end > this.#bytes.length) throw new RangeError('Too few bytes.');
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }
}
