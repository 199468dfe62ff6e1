import { decodeFrames, encodeFrame } from '../../protocol/sse-frames.js';
import type { SessionEvent } from '../session-event.js';

/** Consecutive events, as the bytes of their frames. */
export interface Frames {
  readonly bytes: Buffer;
  readonly lastSeq: number;
}

/**
 * A buffer that is filled from both ends: with consecutive frames from the front, and with the
 * offset at which each frame ends, in four bytes each, from the back.
 */
interface Chunk {
  readonly firstSeq: number;
  readonly bytes: Buffer;
  /** The number of frames. */
  count: number;
  /** The offset at which the last frame ends. */
  end: number;
}

const MIN_CHUNK_BYTES = 512;
const MAX_CHUNK_BYTES = 64 * 1024;
const SLOT_BYTES = 4;

/**
 * The newest events of a log, without a gap, packed as the bytes that every subscriber receives.
 * They take a few objects, however many there are, so that millions of events do not slow down the
 * garbage collector. Bytes in a chunk never change once they are written, so a slice that was read
 * stays valid after the chunk is removed.
 */
export class PackedEvents {
  readonly #maxBytes: number;
  readonly #idOf: (seq: number) => number;
  #chunks: Chunk[] = [];
  /** The last chunk, to which events are added. */
  #newest: Chunk | null = null;
  /** The size of the frames that are held, in bytes. */
  #bytes = 0;
  #firstSeq = 1;
  #lastSeq = 0;
  /** The size of all frames that were ever added, in bytes. */
  totalBytes = 0;

  /**
   * @param maxBytes the maximum size of the held frames; the newest chunk is held even if it is larger
   * @param idOf returns the id of an event for its frame; by default its seq
   */
  constructor(maxBytes: number, idOf = (seq: number) => seq) {
    this.#maxBytes = maxBytes;
    this.#idOf = idOf;
  }

  /** The seq of the oldest event that is held. */
  get firstSeq(): number {
    return this.#firstSeq;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Adds the next event. An event that does not follow the last one replaces all of them. */
  push(event: SessionEvent): void {
    if (event.seq !== this.#lastSeq + 1) {
      this.#chunks = [];
      this.#newest = null;
      this.#bytes = 0;
      this.#firstSeq = event.seq;
    }
    const frame = encodeFrame({ id: this.#idOf(event.seq), name: event.name, data: event.data });
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

  /** Returns the events after `cursor`, at most `limit`, until they reach `maxBytes`; at least one if there is one. */
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

  /** Returns the events after `cursor`, at most `limit`. */
  after(cursor: number, limit: number): SessionEvent[] {
    const { bytes } = this.framesAfter(cursor, Number.POSITIVE_INFINITY, limit);
    const first = Math.max(cursor + 1, this.#firstSeq);
    return decodeFrames(bytes).map(({ name, data }, index) => ({ seq: first + index, name, data }));
  }

  #chunkFor(seq: number, frame: string): Chunk {
    const newest = this.#newest;
    const room = newest ? slotOf(newest, newest.count + 1) - newest.end : 0;
    // A character takes at most three bytes, so the exact length is rarely needed.
    if (newest && frame.length * 3 <= room) return newest;
    const length = Buffer.byteLength(frame);
    if (newest && length <= room) return newest;
    const size = Math.min(Math.max(MIN_CHUNK_BYTES, this.#bytes), MAX_CHUNK_BYTES);
    const chunk = {
      firstSeq: seq,
      // Not `allocUnsafe`, which returns a slice of a shared pool and would keep the pool in memory.
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

/** Returns the offset of the slot that holds the end of a chunk's nth frame, n from 1. */
function slotOf({ bytes }: Chunk, n: number): number {
  return bytes.length - n * SLOT_BYTES;
}

/** Returns the offset at which a chunk's nth frame ends; 0 for n = 0. */
function endOf(chunk: Chunk, n: number): number {
  return n === 0 ? 0 : chunk.bytes.readUInt32LE(slotOf(chunk, n));
}
