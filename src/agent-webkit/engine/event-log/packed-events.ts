import { decodeFrames, encodeFrame } from '../../protocol/sse-frames.js';
import type { SessionEvent } from '../session-event.js';

/** Events one after the other, as the bytes of their frames. */
export interface Frames {
  readonly bytes: Buffer;
  readonly lastSeq: number;
}

/**
 * Frames one after the other from the front, and where each of them ends, as numbers of four bytes,
 * from the back.
 */
interface Chunk {
  readonly firstSeq: number;
  readonly bytes: Buffer;
  /** How many frames there are. */
  count: number;
  /** Where the last one ends. */
  end: number;
}

const MIN_CHUNK_BYTES = 512;
const MAX_CHUNK_BYTES = 64 * 1024;
const SLOT_BYTES = 4;

/**
 * The newest events of a log, without a gap, packed as the bytes that go to every subscriber.
 * However many there are, they are a few objects: a server that keeps events by the million has
 * nothing in them to collect. What was written to a chunk never changes, so what was read of it
 * stays true, whatever is removed meanwhile.
 */
export class PackedEvents {
  readonly #maxBytes: number;
  #chunks: Chunk[] = [];
  /** The last of them. */
  #newest: Chunk | null = null;
  /** How many bytes of frames are held. */
  #bytes = 0;
  #firstSeq = 1;
  #lastSeq = 0;
  /** How many bytes were ever added. */
  totalBytes = 0;

  /** @param maxBytes how much is held; the newest chunk is in any case, which may be one large event */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The seq of the oldest event in it. */
  get firstSeq(): number {
    return this.#firstSeq;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Adds the next event. One that does not follow the last begins anew. */
  push(event: SessionEvent): void {
    if (event.seq !== this.#lastSeq + 1) {
      this.#chunks = [];
      this.#newest = null;
      this.#bytes = 0;
      this.#firstSeq = event.seq;
    }
    const frame = encodeFrame(event);
    const chunk = this.#chunkFor(event.seq, frame);
    const length = chunk.bytes.write(frame, chunk.end);
    chunk.end += length;
    chunk.count += 1;
    chunk.bytes.writeUInt32LE(chunk.end, slotOf(chunk, chunk.count));
    this.#lastSeq = event.seq;
    this.#bytes += length;
    this.totalBytes += length;
    while (this.#bytes > this.#maxBytes && this.#chunks[0] !== chunk) this.#dropFirst();
  }

  /** Removes the events before a seq. */
  evictBefore(seq: number): void {
    if (seq <= this.#firstSeq) return;
    this.#firstSeq = Math.min(seq, this.#lastSeq + 1);
    while (this.#chunks[1] && this.#chunks[1].firstSeq <= this.#firstSeq) this.#dropFirst();
  }

  /** Those after `cursor`, at most `limit`, until `maxBytes` are reached; at least one if there is one. */
  framesAfter(cursor: number, maxBytes: number, limit = Number.POSITIVE_INFINITY): Frames {
    const from = Math.max(cursor + 1, this.#firstSeq);
    const last = Math.min(this.#lastSeq, from + limit - 1);
    const parts: Buffer[] = [];
    let size = 0;
    let seq = from;
    let index = this.#chunks.findLastIndex(({ firstSeq }) => firstSeq <= from);
    for (; seq <= last && size < maxBytes; index += 1) {
      const chunk = this.#chunks[index];
      if (!chunk) break;
      const { firstSeq, bytes, count } = chunk;
      const start = endOf(chunk, seq - firstSeq);
      let end = start;
      while (seq <= last && seq - firstSeq < count && size + end - start < maxBytes) {
        seq += 1;
        end = endOf(chunk, seq - firstSeq);
      }
      parts.push(bytes.subarray(start, end));
      size += end - start;
    }
    const [first] = parts;
    const bytes = first && parts.length === 1 ? first : Buffer.concat(parts);
    return { bytes, lastSeq: seq - 1 };
  }

  /** The same as events. */
  after(cursor: number, limit: number): SessionEvent[] {
    return decodeFrames(this.framesAfter(cursor, Number.POSITIVE_INFINITY, limit).bytes);
  }

  #chunkFor(seq: number, frame: string): Chunk {
    const newest = this.#newest;
    const room = newest ? slotOf(newest, newest.count + 1) - newest.end : 0;
    // No character takes more than three bytes: mostly there is no need to count them.
    if (newest && frame.length * 3 <= room) return newest;
    const length = Buffer.byteLength(frame);
    if (newest && length <= room) return newest;
    const size = Math.min(Math.max(MIN_CHUNK_BYTES, this.#bytes), MAX_CHUNK_BYTES);
    const chunk = {
      firstSeq: seq,
      // Slow is the one that nothing else shares, which would keep it.
      bytes: Buffer.allocUnsafeSlow(Math.max(size, length + SLOT_BYTES)),
      count: 0,
      end: 0,
    };
    this.#newest = chunk;
    this.#chunks.push(chunk);
    return chunk;
  }

  #dropFirst(): void {
    this.#bytes -= this.#chunks.shift()?.end ?? 0;
    this.#firstSeq = Math.max(this.#firstSeq, this.#chunks[0]?.firstSeq ?? 0);
  }
}

/** Offset of the slot that holds the end of a chunk's nth frame, n from 1. */
function slotOf({ bytes }: Chunk, n: number): number {
  return bytes.length - n * SLOT_BYTES;
}

/** Where a chunk's nth frame ends; 0 for n = 0. */
function endOf(chunk: Chunk, n: number): number {
  return n === 0 ? 0 : chunk.bytes.readUInt32LE(slotOf(chunk, n));
}
