import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { EventWindow } from '../../src/agent-webkit/engine/event-window.js';
import { charsOf } from '../../src/agent-webkit/engine/kept-events.js';
import type { SessionEvent } from '../../src/agent-webkit/engine/session-event.js';
import { settle } from '../support/session-bench.js';

const event = (seq: number, chars = 1): SessionEvent => ({
  seq,
  name: 'error',
  data: 'x'.repeat(chars),
});
const seqs = (events: readonly SessionEvent[]) => events.map(({ seq }) => seq);
const ALL = Number.POSITIVE_INFINITY;

describe('an event window', () => {
  it('holds the newest events that fit in number and size, at least one, without a gap', () => {
    const limits = fc.record({
      maxEvents: fc.integer({ min: 1, max: 300 }),
      maxLogChars: fc.integer({ min: 1, max: 3000 }),
    });
    const sizes = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 1500, size: 'max' });
    fc.assert(
      fc.property(limits, sizes, fc.nat(1600), ({ maxEvents, maxLogChars }, lengths, cursor) => {
        const window = new EventWindow({ maxEvents, maxLogChars }, charsOf);
        let first = 1;
        let chars = 0;
        const held: number[][] = [];
        const expected: number[][] = [];
        lengths.forEach((length, index) => {
          window.push(index + 1, event(index + 1, length));
          chars += length;
          while (first < index + 1 && (index + 2 - first > maxEvents || chars > maxLogChars)) {
            chars -= lengths[first - 1] ?? 0;
            first += 1;
          }
          held.push([window.firstSeq, window.size]);
          expected.push([first, index + 2 - first]);
        });
        expect(held).toEqual(expected);
        const from = Math.max(first, cursor + 1);
        expect(seqs(window.after(cursor, ALL, ALL))).toEqual(
          Array.from({ length: Math.max(0, lengths.length - from + 1) }, (_, n) => from + n),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('gives a bit at a time, and at least one event however large it is', () => {
    const window = new EventWindow({ maxEvents: 10, maxLogChars: 1000 }, charsOf);
    for (const [index, chars] of [100, 1, 1, 1, 50].entries())
      window.push(index + 1, event(index + 1, chars));
    expect(seqs(window.after(0, 0, ALL))).toEqual([1]);
    expect(seqs(window.after(0, 1, ALL))).toEqual([1]);
    expect(seqs(window.after(1, 3, ALL))).toEqual([2, 3, 4]);
    expect(seqs(window.after(1, 4, ALL))).toEqual([2, 3, 4, 5]);
    expect(seqs(window.after(1, ALL, 2))).toEqual([2, 3]);
    expect(seqs(window.after(5, ALL, ALL))).toEqual([]);
  });

  it('keeps an event alone that is larger than the window', () => {
    const window = new EventWindow({ maxEvents: 10, maxLogChars: 10 }, charsOf);
    window.push(1, event(1));
    window.push(2, event(2, 100));
    expect(seqs(window.after(0, ALL, ALL))).toEqual([2]);
    window.push(3, event(3));
    expect(seqs(window.after(0, ALL, ALL))).toEqual([3]);
  });

  it('begins anew after a gap', () => {
    const window = new EventWindow({ maxEvents: 10, maxLogChars: 1000 }, charsOf);
    for (const seq of [2, 3, 7, 20, 21]) window.push(seq, event(seq));
    expect(window.firstSeq).toBe(20);
    expect(window.size).toBe(2);
    expect(seqs(window.after(0, ALL, ALL))).toEqual([20, 21]);
  });

  it('lets go of what it evicts', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const window = new EventWindow({ maxEvents: 1000, maxLogChars: 100 }, charsOf);
    const evicted = Array.from({ length: 50 }, (_, index) => {
      const pushed = event(index + 1, 60);
      window.push(pushed.seq, pushed);
      return new WeakRef(pushed);
    }).slice(0, -1);
    await settle();
    collect();
    expect(evicted.filter((held) => held.deref() !== undefined)).toEqual([]);
  });
});
