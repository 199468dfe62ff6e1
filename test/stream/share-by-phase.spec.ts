import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { interval } from 'rxjs';
import { shareByPhase } from '../../src/agent-webkit/stream/share-by-phase.js';

const PERIOD_MS = 6400;
const shared = () => interval(PERIOD_MS).pipe(shareByPhase(PERIOD_MS));

describe('an interval shared by phase', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('emits to each subscriber once in a period, from its own subscription on', () => {
    const ticks = shared();
    const emittedAt: [number, number][] = [];
    const subscribe = (subscriber: number) =>
      ticks.subscribe(() => emittedAt.push([subscriber, performance.now()]));
    const begunAt = performance.now();
    subscribe(1);
    jest.advanceTimersByTime(PERIOD_MS / 2);
    subscribe(2);
    jest.advanceTimersByTime(2 * PERIOD_MS);
    expect(emittedAt.map(([subscriber, at]) => [subscriber, at - begunAt])).toEqual([
      [1, PERIOD_MS],
      [2, 1.5 * PERIOD_MS],
      [1, 2 * PERIOD_MS],
      [2, 2.5 * PERIOD_MS],
    ]);
  });

  it('runs one timer for the subscribers of one phase, and at most 64', () => {
    const ticks = shared();
    for (let n = 0; n < 640; n += 1) {
      ticks.subscribe();
      jest.advanceTimersByTime(PERIOD_MS / 640);
    }
    expect(jest.getTimerCount()).toBe(64);
  });

  it('stops its timer with the last subscriber, and starts it again with the next one', () => {
    const ticks = shared();
    const [first, second] = [ticks.subscribe(), ticks.subscribe()];
    first.unsubscribe();
    expect(jest.getTimerCount()).toBe(1);
    second.unsubscribe();
    expect(jest.getTimerCount()).toBe(0);
    const emit = jest.fn();
    ticks.subscribe(emit);
    jest.advanceTimersByTime(PERIOD_MS);
    expect(emit).toHaveBeenCalledTimes(1);
  });
});
