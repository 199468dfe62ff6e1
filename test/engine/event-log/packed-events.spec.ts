import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { PackedEvents } from '../../../src/agent-webkit/engine/event-log/packed-events.js';
import type { SessionEvent } from '../../../src/agent-webkit/engine/session-event.js';
import { decodeFrames, encodeFrame } from '../../../src/agent-webkit/protocol/sse-frames.js';

const ALL = Number.POSITIVE_INFINITY;
const event = (seq: number, text = ''): SessionEvent => ({
  seq,
  name: 'message_delta',
  data: JSON.stringify({ text }),
});
const seqs = (events: readonly SessionEvent[]) => events.map(({ seq }) => seq);
const OFFSET = 1e9;
const idOf = (seq: number) => seq + OFFSET;
const streamed = ({ seq, name, data }: SessionEvent) => ({ id: idOf(seq), name, data });
const bytesOf = (one: SessionEvent) => Buffer.byteLength(encodeFrame(streamed(one)));
/** Small events, and some that need a separate chunk. */
const text = fc.oneof(
  { weight: 5, arbitrary: fc.string({ unit: 'grapheme', maxLength: 30 }) },
  { weight: 1, arbitrary: fc.nat(3).map((n) => 'é'.repeat(n * 20_000)) },
);

describe('packed events', () => {
  it('return the stored events from any position, in bounded reads of at least one', () => {
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 60 }),
        fc.nat(70),
        fc.constantFrom(1, 100, 70_000, ALL),
        fc.constantFrom(1, 7, ALL),
        (texts, cursor, maxBytes, limit) => {
          const packed = new PackedEvents(ALL, idOf);
          const events = texts.map((one, index) => event(index + 1, one));
          for (const one of events) packed.push(one);
          const expected: SessionEvent[] = [];
          let size = 0;
          for (const one of events.slice(cursor)) {
            if (size >= maxBytes || expected.length >= limit) break;
            expected.push(one);
            size += bytesOf(one);
          }
          const { bytes, lastSeq } = packed.framesAfter(cursor, maxBytes, limit);
          expect(decodeFrames(bytes)).toEqual(expected.map(streamed));
          expect(packed.after(cursor, expected.length)).toEqual(expected);
          expect(bytes).toHaveLength(size);
          expect(lastSeq).toBe(expected.at(-1)?.seq ?? cursor);
          expect(packed.totalBytes).toBe(events.reduce((sum, one) => sum + bytesOf(one), 0));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('hold the newest events up to their limit plus one chunk, and bytes that were read stay valid', () => {
    const maxBytes = fc.integer({ min: 1, max: 300_000 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 300 }), maxBytes, (texts, max) => {
        const packed = new PackedEvents(max, idOf);
        const events = texts.map((one, index) => event(index + 1, one));
        const read: Buffer[] = [];
        for (const one of events) {
          packed.push(one);
          read.push(packed.framesAfter(one.seq - 1, 1).bytes);
        }
        const held = events.slice(packed.firstSeq - 1);
        expect(packed.after(0, ALL)).toEqual(held);
        const left = events.slice(0, packed.firstSeq - 1);
        const size = held.reduce((sum, one) => sum + bytesOf(one), 0);
        const largest = Math.max(...events.map(bytesOf), 64 * 1024);
        if (left.length > 0) expect(size).toBeGreaterThan(max - largest);
        expect(size).toBeLessThanOrEqual(Math.max(max, largest));
        expect(read.flatMap(decodeFrames)).toEqual(events.map(streamed));
      }),
      { numRuns: 60 },
    );
  });

  it('do not keep a large event longer than the others', () => {
    const packed = new PackedEvents(1000);
    for (const [index, chars] of [5000, 10, 10].entries()) {
      packed.push(event(index + 1, 'x'.repeat(chars)));
    }
    expect(seqs(packed.after(0, ALL))).toEqual([2, 3]);
  });

  it('remove the events before a seq', () => {
    const packed = new PackedEvents(ALL, idOf);
    for (let seq = 1; seq <= 1000; seq += 1) packed.push(event(seq));
    packed.evictBefore(700);
    expect(packed.firstSeq).toBe(700);
    expect(seqs(packed.after(0, 2))).toEqual([700, 701]);
    packed.evictBefore(5000);
    expect(packed.after(0, ALL)).toEqual([]);
    packed.push(event(1001));
    expect(packed.firstSeq).toBe(1001);
    expect(seqs(packed.after(0, ALL))).toEqual([1001]);
  });

  it('start again after a gap', () => {
    const packed = new PackedEvents(ALL, idOf);
    for (const seq of [1, 2, 7, 8]) packed.push(event(seq));
    expect([packed.firstSeq, packed.lastSeq]).toEqual([7, 8]);
    expect(seqs(packed.after(0, ALL))).toEqual([7, 8]);
  });
});
