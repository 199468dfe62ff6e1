import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { AgentSlots, type SlotHolder } from '../../../src/agent-webkit/engine/agent/agent-slots.js';
import { settle, stopTime } from '../../support/session-bench.js';

/** A holder whose agent works unless a test makes it idle. */
class Holder implements SlotHolder {
  idleSince: number | null = null;
  backgroundSince: number | null = null;
  isEvicted = false;
  state: 'none' | 'waiting' | 'running' = 'none';

  constructor(readonly name: string) {}

  async take(slots: AgentSlots): Promise<void> {
    this.state = 'waiting';
    this.state = (await slots.acquire(this)) ? 'running' : 'none';
  }

  evict(): Promise<void> {
    this.isEvicted = true;
    return Promise.resolve();
  }

  free(slots: AgentSlots): void {
    Object.assign(this, { state: 'none', idleSince: null, isEvicted: false });
    slots.release(this);
  }
}

async function taken(slots: AgentSlots, ...names: string[]): Promise<Holder[]> {
  const holders = names.map((name) => new Holder(name));
  for (const holder of holders) void holder.take(slots);
  await settle(1);
  return holders;
}

describe('agent slots', () => {
  it('are assigned at once while some are free, then in the order of the requests', async () => {
    const slots = new AgentSlots(2);
    const [a, , c, d] = await taken(slots, 'a', 'b', 'c', 'd');
    expect([a?.state, c?.state, d?.state]).toEqual(['running', 'waiting', 'waiting']);
    a?.free(slots);
    await settle(1);
    expect([c?.state, d?.state]).toEqual(['running', 'waiting']);
    c?.free(slots);
    await settle(1);
    expect(d?.state).toBe('running');
  });

  it('are freed by evicting the agent that has been idle for longest', async () => {
    const slots = new AgentSlots(3);
    const [a, b, c] = (await taken(slots, 'a', 'b', 'c')) as [Holder, Holder, Holder];
    expect(slots.free).toBe(0);
    a.idleSince = 20;
    b.idleSince = 10;
    expect(slots.areBusy).toBe(false);
    expect(slots.free).toBe(2);
    slots.evictIdle();
    expect(b.isEvicted).toBe(false);
    const [d, e, f] = (await taken(slots, 'd', 'e', 'f')) as [Holder, Holder, Holder];
    expect([a.isEvicted, b.isEvicted, c.isEvicted]).toEqual([true, true, false]);
    expect(slots.areBusy).toBe(true);
    b.free(slots);
    await settle(1);
    expect([d.state, e.state, f.state]).toEqual(['running', 'waiting', 'waiting']);
    c.idleSince = 30;
    slots.evictIdle();
    expect(c.isEvicted).toBe(true);
  });

  it('are not freed for a request that was cancelled, which resolves to false', async () => {
    const slots = new AgentSlots(1);
    const [a, b, c] = (await taken(slots, 'a', 'b', 'c')) as [Holder, Holder, Holder];
    slots.cancel(b);
    slots.cancel(c);
    await settle(1);
    expect([b.state, c.state]).toEqual(['none', 'none']);
    a.idleSince = 1;
    slots.evictIdle();
    expect(a.isEvicted).toBe(false);
    a.free(slots);
    expect(slots.areBusy).toBe(false);
    expect((await taken(slots, 'd'))[0]?.state).toBe('running');
  });

  it('count an eviction as a free slot when the request that caused it was cancelled', async () => {
    const slots = new AgentSlots(1);
    const [a, b] = (await taken(slots, 'a', 'b')) as [Holder, Holder];
    a.idleSince = 1;
    slots.evictIdle();
    expect([a.isEvicted, slots.areBusy]).toEqual([true, true]);
    slots.cancel(b);
    expect(slots.areBusy).toBe(false);
    const [c] = (await taken(slots, 'c')) as [Holder];
    expect([c.state, slots.areBusy]).toEqual(['waiting', true]);
    a.free(slots);
    await settle(1);
    expect(c.state).toBe('running');
  });

  it('are not released by a holder that has none', async () => {
    const slots = new AgentSlots(1);
    const [a] = (await taken(slots, 'a')) as [Holder];
    new Holder('stranger').free(slots);
    slots.cancel(a);
    expect(slots.areBusy).toBe(true);
    a.free(slots);
    a.free(slots);
    expect((await taken(slots, 'b', 'c')).map(({ state }) => state)).toEqual([
      'running',
      'waiting',
    ]);
  });

  it('never exceed the maximum and are never unused while a request waits', async () => {
    const step = fc.record({
      kind: fc.constantFrom('take', 'free', 'cancel', 'idle', 'work'),
      who: fc.nat(5),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step), async (max, steps) => {
        const slots = new AgentSlots(max);
        const holders = Array.from({ length: 6 }, (_, n) => new Holder(String(n)));
        const count = (state: Holder['state']) =>
          holders.filter((holder) => holder.state === state).length;
        for (const [now, { kind, who }] of steps.entries()) {
          const holder = holders[who] as Holder;
          const isRunning = holder.state === 'running';
          if (kind === 'take' && holder.state === 'none') void holder.take(slots);
          if (kind === 'cancel') slots.cancel(holder);
          if (kind === 'free' && isRunning) holder.free(slots);
          if (kind === 'work' && isRunning && !holder.isEvicted) holder.idleSince = null;
          if (kind === 'idle' && isRunning) {
            holder.idleSince ??= now;
            slots.evictIdle();
          }
          // oxlint-disable-next-line no-await-in-loop -- steps come one after the other
          await settle(1);
          expect(count('running')).toBeLessThanOrEqual(max);
          if (count('waiting') > 0) expect(count('running')).toBe(max);
          const leaving = holders.filter(({ isEvicted }) => isEvicted).length;
          const isIdle = holders.some((one) => one.idleSince !== null && !one.isEvicted);
          if (isIdle) expect(leaving).toBeGreaterThanOrEqual(count('waiting'));
          const isBusy = count('running') - leaving + count('waiting') >= max && !isIdle;
          expect(slots.areBusy).toBe(isBusy);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('agent slots of agents with only background tasks', () => {
  beforeEach(stopTime);
  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('are freed after the grace period, first those that have had no turn for longest', async () => {
    const slots = new AgentSlots(3, 1000);
    const [a, b, c] = (await taken(slots, 'a', 'b', 'c')) as [Holder, Holder, Holder];
    const now = performance.now();
    a.backgroundSince = now;
    b.backgroundSince = now - 500;
    const [d] = (await taken(slots, 'd')) as [Holder];
    expect(slots.areBusy).toBe(true);
    jest.advanceTimersByTime(499);
    expect(b.isEvicted).toBe(false);
    jest.advanceTimersByTime(1);
    expect([a.isEvicted, b.isEvicted, c.isEvicted]).toEqual([false, true, false]);
    b.free(slots);
    await settle(1);
    expect(d.state).toBe('running');
    jest.advanceTimersByTime(500);
    expect([a.isEvicted, slots.areBusy]).toEqual([false, false]);
  });

  it('are kept while another agent is idle', async () => {
    const slots = new AgentSlots(2, 0);
    const [a, b] = (await taken(slots, 'a', 'b')) as [Holder, Holder];
    a.backgroundSince = performance.now();
    b.idleSince = performance.now();
    await taken(slots, 'c');
    expect([a.isEvicted, b.isEvicted]).toEqual([false, true]);
    await taken(slots, 'd');
    expect(a.isEvicted).toBe(true);
  });

  it('are kept without a limit when there is none', async () => {
    const slots = new AgentSlots(1);
    const [a] = (await taken(slots, 'a', 'b')) as [Holder];
    a.backgroundSince = 1;
    slots.evictIdle();
    expect([a.isEvicted, slots.areBusy]).toEqual([false, true]);
  });
});
