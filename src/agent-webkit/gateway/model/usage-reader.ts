import type { IncomingHttpHeaders } from 'node:http';
import { NO_TOKENS, readEvent, readMessage, type Tokens } from './usage.js';

/** Reads the tokens of a response while it passes. */
export interface UsageReader {
  readonly tokens: Tokens;
  add(chunk: Buffer): void;
  /** Call it when the response is complete. */
  end(): void;
}

/** The longest event and the longest plain response that are read for their tokens, in bytes. */
const MAX_EVENT = 256 * 1024;
const MAX_PLAIN = 8 * 1024 * 1024;
const NOTHING: Buffer = Buffer.alloc(0);

/** Returns the reader for a kind of response. */
export function createUsageReader(headers: IncomingHttpHeaders): UsageReader {
  const type = headers['content-type'] ?? '';
  if (type.startsWith('text/event-stream')) return new LineReader();
  return type.startsWith('application/vnd.amazon.eventstream')
    ? new FrameReader()
    : new PlainReader();
}

/** Reads lines of server-sent events, and skips those that are too long. */
class LineReader implements UsageReader {
  tokens = NO_TOKENS;
  #rest = NOTHING;
  #isSkipping = false;

  add(chunk: Buffer): void {
    let rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let end = rest.indexOf(0x0a); end !== -1; end = rest.indexOf(0x0a)) {
      if (!this.#isSkipping) this.#read(rest.subarray(0, end));
      this.#isSkipping = false;
      rest = rest.subarray(end + 1);
    }
    this.#isSkipping ||= rest.length > MAX_EVENT;
    this.#rest = this.#isSkipping ? NOTHING : rest;
  }

  end(): void {}

  #read(line: Buffer): void {
    if (!line.includes('"usage"')) return;
    const text = line.toString('utf8');
    if (text.startsWith('data:')) this.tokens = readEvent(text.slice(5), this.tokens);
  }
}

/**
 * Reads frames of Amazon's event stream, and skips those that are too long. A frame has its own length, the
 * length of its headers, a checksum, the headers, the content and a checksum.
 */
class FrameReader implements UsageReader {
  tokens = NO_TOKENS;
  #rest = NOTHING;
  #skipped = 0;

  add(chunk: Buffer): void {
    let rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const skipped = Math.min(this.#skipped, rest.length);
      rest = rest.subarray(skipped);
      this.#skipped -= skipped;
      if (rest.length < 12) break;
      const length = Math.max(16, rest.readUInt32BE(0));
      if (length > MAX_EVENT) {
        this.#skipped = length;
        continue;
      }
      if (length > rest.length) break;
      this.#read(rest.subarray(12 + rest.readUInt32BE(4), length - 4));
      rest = rest.subarray(length);
    }
    this.#rest = rest;
  }

  end(): void {}

  #read(content: Buffer): void {
    const [, bytes] = /"bytes":"([A-Za-z0-9+/=]+)"/.exec(content.toString('latin1')) ?? [];
    if (bytes === undefined) return;
    this.tokens = readEvent(Buffer.from(bytes, 'base64').toString('utf8'), this.tokens);
  }
}

/** Reads a response that is one JSON object. */
class PlainReader implements UsageReader {
  tokens = NO_TOKENS;
  readonly #chunks: Buffer[] = [];
  #size = 0;

  add(chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size <= MAX_PLAIN) this.#chunks.push(chunk);
    else this.#chunks.length = 0;
  }

  end(): void {
    if (this.#size > MAX_PLAIN) return;
    this.tokens = readMessage(Buffer.concat(this.#chunks).toString('utf8'), this.tokens);
  }
}
