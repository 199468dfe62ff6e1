import { EventEmitter, once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { IdempotencyKeys } from '../../src/agent-webkit/engine/idempotency-keys.js';
import { settle, stopTime } from '../support/session-bench.js';

describe('idempotency keys', () => {
  let accepted: number;
  const accept = async () => (accepted += 1);
  beforeEach(() => {
    accepted = 0;
    stopTime();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('accept a repeated call once, also while the first is running', async () => {
    const keys = new IdempotencyKeys<number>(10, 1000);
    expect(await Promise.all([keys.once('a', accept), keys.once('a', accept)])).toEqual([1, 1]);
    expect(await keys.once('a', accept)).toBe(1);
    expect(await keys.once('b', accept)).toBe(2);
  });

  it('forget a failed call after it rejected every call that waited for it', async () => {
    const keys = new IdempotencyKeys<number>(10, 1000);
    const both = [keys.once('a', () => Promise.reject(new Error('no'))), keys.once('a', accept)];
    for (const one of await Promise.allSettled(both)) expect(one.status).toBe('rejected');
    expect(await keys.once('a', accept)).toBe(1);
  });

  it('expire after their lifetime, and not before', async () => {
    const keys = new IdempotencyKeys<number>(10, 1000);
    await keys.once('a', accept);
    jest.advanceTimersByTime(999);
    expect(await keys.once('a', accept)).toBe(1);
    jest.advanceTimersByTime(1);
    expect(await keys.once('a', accept)).toBe(2);
    jest.advanceTimersByTime(999);
    expect(await keys.once('a', accept)).toBe(2);
  });

  it('keep a later success when an earlier call fails', async () => {
    const keys = new IdempotencyKeys<number>(10, 1000);
    const events = new EventEmitter();
    const first = keys.once('a', async () => (await once(events, 'done')).length);
    jest.advanceTimersByTime(1000);
    await keys.once('a', accept);
    events.emit('error', new Error('late'));
    await expect(first).rejects.toThrow('late');
    expect(await keys.once('a', accept)).toBe(1);
  });

  it('are bounded in number, and the oldest are dropped first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat(8), { maxLength: 40 }),
        async (maxKeys, sent) => {
          const keys = new IdempotencyKeys<number>(maxKeys, 1000);
          const known: number[] = [];
          for (const key of sent) {
            const before = accepted;
            // oxlint-disable-next-line no-await-in-loop -- one after the other
            await keys.once(String(key), accept);
            expect(accepted === before).toBe(known.includes(key));
            if (accepted === before) continue;
            known.push(key);
            if (known.length > maxKeys) known.shift();
          }
        },
      ),
    );
    await settle(1);
  });
});
