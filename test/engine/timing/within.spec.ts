import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { TIMED_OUT, within } from '../../../src/agent-webkit/engine/timing/within.js';
import { latch } from '../../support/latch.js';
import { stopTime } from '../../support/session-bench.js';

describe('waiting for a promise within a time', () => {
  beforeEach(stopTime);
  afterEach(() => {
    jest.useRealTimers();
  });

  it('resolves to the value of a promise that resolves in time, and leaves no timer', async () => {
    expect(await within(1000, Promise.resolve('value'))).toBe('value');
    expect(await within(1000, Promise.resolve())).toBeUndefined();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('rejects with the error of a promise that rejects in time, and leaves no timer', async () => {
    await expect(within(1000, Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('resolves to TIMED_OUT when the time is over, and ignores a later rejection', async () => {
    const { released, release } = latch();
    const late = released.then(() => Promise.reject(new Error('too late')));
    const outcome = within(1000, late);
    jest.advanceTimersByTime(1000);
    expect(await outcome).toBe(TIMED_OUT);
    release();
    // Jest fails a test during which a rejection is not handled.
    await expect(late).rejects.toThrow('too late');
  });
});
