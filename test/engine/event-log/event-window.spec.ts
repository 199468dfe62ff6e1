import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { EventWindow } from '../../../src/agent-webkit/engine/event-log/event-window.js';

const ALL = Number.POSITIVE_INFINITY;

describe('an event window', () => {
  it('holds the newest events that fit in number and size, at least one, without a gap', () => {
    const limits = fc.record({
      maxEvents: fc.integer({ min: 1, max: 300 }),
      maxTotal: fc.integer({ min: 1, max: 3000 }),
    });
    const sizes = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 1500, size: 'max' });
    fc.assert(
      fc.property(limits, sizes, fc.nat(1600), ({ maxEvents, maxTotal }, numbers, cursor) => {
        const window = new EventWindow(maxEvents, maxTotal);
        let first = 1;
        let total = 0;
        const held: unknown[] = [];
        const expected: unknown[] = [];
        numbers.forEach((number, index) => {
          window.push(index + 1, number);
          total += number;
          while (first < index + 1 && (index + 2 - first > maxEvents || total > maxTotal)) {
            total -= numbers[first - 1] ?? 0;
            first += 1;
          }
          held.push([window.firstSeq, window.size, window.first]);
          expected.push([first, index + 2 - first, numbers[first - 1]]);
        });
        expect(held).toEqual(expected);
        const from = Math.max(first, cursor + 1);
        expect(window.countUpTo(cursor, ALL, ALL)).toBe(Math.max(0, numbers.length - from + 1));
      }),
      { numRuns: 60 },
    );
  });

  it('returns a bounded number of events per read, and at least one however large it is', () => {
    const window = new EventWindow(10, 1000);
    for (const [index, number] of [100, 1, 1, 1, 50].entries()) window.push(index + 1, number);
    expect(window.countUpTo(0, 0, ALL)).toBe(1);
    expect(window.countUpTo(0, 1, ALL)).toBe(1);
    expect(window.countUpTo(1, 3, ALL)).toBe(3);
    expect(window.countUpTo(1, 4, ALL)).toBe(4);
    expect(window.countUpTo(1, ALL, 2)).toBe(2);
    expect(window.countUpTo(5, ALL, ALL)).toBe(0);
  });

  it('keeps a single event that is larger than the window', () => {
    const window = new EventWindow(10, 10);
    window.push(1, 1);
    window.push(2, 100);
    expect([window.firstSeq, window.size]).toEqual([2, 1]);
    window.push(3, 1);
    expect([window.firstSeq, window.size]).toEqual([3, 1]);
  });

  it('starts again after a gap', () => {
    const window = new EventWindow(10, 1000);
    for (const seq of [2, 3, 7, 20, 21]) window.push(seq, seq);
    expect([window.firstSeq, window.size, window.first]).toEqual([20, 2, 20]);
  });

  it('removes the events before a seq, except the newest', () => {
    const window = new EventWindow();
    for (let seq = 1; seq <= 600; seq += 1) window.push(seq, seq);
    window.evictBefore(400);
    expect([window.firstSeq, window.size, window.first]).toEqual([400, 201, 400]);
    window.evictBefore(1000);
    expect([window.firstSeq, window.size, window.first]).toEqual([600, 1, 600]);
  });
});
