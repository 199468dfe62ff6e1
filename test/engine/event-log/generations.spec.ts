import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Generations } from '../../../src/agent-webkit/engine/event-log/generations.js';
import { FIRST_GENERATION, type Generation } from '../../../src/agent-webkit/engine/storage.js';

/** A log that was continued after each of these numbers of events. */
const lengths = fc.array(fc.nat(30), { maxLength: 150 });

/** Continues a log of a new session. Returns its ids, and the number of its events. */
function continued(counts: readonly number[], oldestSeq = 1): [Generations, number] {
  let stored: readonly Generation[] = FIRST_GENERATION;
  let lastSeq = 0;
  for (const count of counts) {
    lastSeq += count;
    const generations = new Generations(stored);
    generations.begin(lastSeq, Math.min(oldestSeq, lastSeq + 1));
    stored = generations.all;
  }
  return [new Generations(stored), lastSeq + (counts.at(-1) ?? 0)];
}

const seqsTo = (lastSeq: number) => Array.from({ length: lastSeq }, (_, index) => index + 1);

describe('the generations of a log', () => {
  it('give a new session the ids 1, 2, 3, until it is continued', () => {
    const generations = new Generations(FIRST_GENERATION);
    expect([0, 1, 2, 3].map((seq) => generations.idOf(seq))).toEqual([0, 1, 2, 3]);
    generations.begin(2, 1);
    expect([0, 1, 2].map((seq) => generations.idOf(seq))).toEqual([0, 1, 2]);
    expect(generations.idOf(3)).toBeGreaterThan(3);
    expect(generations.idOf(3)).toBeLessThanOrEqual(3 + 2 ** 31);
    expect(generations.idOf(4)).toBe(generations.idOf(3) + 1);
  });

  it('give each event an id that is larger than the one before, and find the event by it', () => {
    fc.assert(
      fc.property(lengths, (counts) => {
        const [generations, lastSeq] = continued(counts);
        let previous = 0;
        for (const seq of seqsTo(lastSeq)) {
          const id = generations.idOf(seq);
          expect(Number.isSafeInteger(id)).toBe(true);
          expect(id).toBeGreaterThan(previous);
          expect(generations.positionOf(id, lastSeq)).toBe(seq);
          previous = id;
        }
        expect(generations.positionOf(0, lastSeq)).toBe(0);
      }),
    );
  });

  it('find no event by an id that none has', () => {
    fc.assert(
      fc.property(lengths, fc.maxSafeNat(), fc.nat(100), (counts, far, near) => {
        const [generations, lastSeq] = continued(counts);
        const ids = seqsTo(lastSeq).map((seq) => generations.idOf(seq));
        const around = ids.flatMap((id) => [id - 1, id + 1, id + near]);
        for (const id of [far, ...around]) {
          if (id < 1 || ids.includes(id)) continue;
          const position = generations.positionOf(id, lastSeq);
          const known = id > (ids.at(-1) ?? 0) ? ['ahead'] : ['lost', 'evicted'];
          expect(known).toContain(position);
        }
      }),
    );
  });

  it('are at most 100, one of which begins after the last event', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 900 }), (counts, oldestSeq) => {
        const [generations] = continued(counts, oldestSeq);
        const { all } = generations;
        expect(all.length).toBeGreaterThan(0);
        expect(all.length).toBeLessThanOrEqual(100);
        for (const [index, { firstSeq, offset }] of all.slice(1).entries()) {
          expect(firstSeq).toBeGreaterThan(all[index]?.firstSeq ?? 0);
          expect(offset).toBeGreaterThan(all[index]?.offset ?? 0);
        }
      }),
    );
  });

  it('keep the ids of the stored events, and of the event before them, when older ones are dropped', () => {
    const generations = new Generations(FIRST_GENERATION);
    generations.begin(10, 1);
    generations.begin(20, 1);
    const ids = [20, 21, 22].map((seq) => generations.idOf(seq));
    const old = generations.idOf(15);
    generations.begin(30, 21);
    expect(generations.all).toHaveLength(3);
    expect([20, 21, 22].map((seq) => generations.idOf(seq))).toEqual(ids);
    expect(generations.positionOf(old, 30)).toBe(15);
    generations.begin(40, 22);
    expect(generations.all).toHaveLength(3);
    expect(generations.positionOf(old, 40)).toBe('evicted');
    expect(generations.positionOf(1, 40)).toBe('evicted');
  });

  it('replace a generation without events', () => {
    const generations = new Generations(FIRST_GENERATION);
    generations.begin(5, 1);
    const unused = generations.idOf(6);
    generations.begin(5, 1);
    expect(generations.all).toHaveLength(2);
    expect(generations.idOf(6)).toBeGreaterThan(unused);
    expect(generations.positionOf(unused, 9)).toBe('lost');
  });
});
