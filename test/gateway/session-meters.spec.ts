import { describe, expect, it } from '@jest/globals';
import { SessionMeters } from '../../src/agent-webkit/gateway/model/session-meters.js';

const LIMITS = { modelRequestsPerMinute: 1, modelTokensPerMinute: null };

describe('The meters of sessions', () => {
  it('keep what a session has used when its agent is replaced, and hold no other session back', () => {
    const meters = new SessionMeters();
    const first = meters.hold('one', LIMITS);
    first.meter.begin();
    first.release();
    const second = meters.hold('one', LIMITS);
    expect(second.meter).toBe(first.meter);
    expect(() => second.meter.begin()).toThrow('This session has reached');
    expect(() => meters.hold('two', LIMITS).meter.begin()).not.toThrow();
  });

  it('keep nothing of a session that has used nothing, or has no limits', () => {
    const meters = new SessionMeters();
    meters.hold('unused', LIMITS).release();
    const unlimited = meters.hold('unlimited', undefined);
    unlimited.meter.begin();
    unlimited.meter.add(1e9);
    unlimited.release();
    expect(meters.size).toBe(0);
  });

  it('drop a meter that is full again when the next agent starts', async () => {
    const meters = new SessionMeters();
    // Refilled in 10 ms.
    const one = meters.hold('one', { ...LIMITS, modelRequestsPerMinute: 60_000 });
    for (let count = 0; count < 10; count += 1) one.meter.begin();
    one.release();
    expect(meters.size).toBe(1);
    while (!one.meter.isFull) await new Promise(setImmediate);
    meters.hold('two', LIMITS);
    expect(meters.size).toBe(1);
  });

  it('never drop a meter that an agent holds, and share it with its successor', () => {
    const meters = new SessionMeters();
    const one = meters.hold('one', LIMITS);
    const next = meters.hold('one', LIMITS);
    one.release();
    one.release();
    meters.hold('two', LIMITS);
    expect(meters.hold('one', LIMITS).meter).toBe(next.meter);
  });

  it('are at most so many: the one that was released first is dropped', () => {
    const meters = new SessionMeters(2);
    const held = ['one', 'two', 'three'].map((id) => meters.hold(id, LIMITS));
    for (const { meter } of held) meter.begin();
    for (const one of held.toReversed()) one.release();
    expect(meters.size).toBe(2);
    expect(meters.hold('three', LIMITS).meter).not.toBe(held[2]?.meter);
    expect(meters.hold('one', LIMITS).meter).toBe(held[0]?.meter);
  });

  it('give a session new meters when its host has changed the limits', () => {
    const meters = new SessionMeters();
    const before = meters.hold('one', LIMITS);
    before.meter.begin();
    const after = meters.hold('one', { ...LIMITS, modelRequestsPerMinute: 2 });
    expect(after.meter.limits.modelRequestsPerMinute).toBe(2);
    before.release();
    expect(meters.hold('one', after.meter.limits).meter).toBe(after.meter);
  });

  it('log a refused request with its session', () => {
    const lines: string[] = [];
    const warn = (line: string) => void lines.push(line);
    const { meter } = new SessionMeters().hold('one', LIMITS, { warn });
    meter.begin();
    expect(() => meter.begin()).toThrow();
    expect(lines).toEqual([
      'Session one: refused a request to the model. It has reached the limit agent.modelRequestsPerMinute, which is 1.',
    ]);
  });
});
