import { describe, expect, it, jest } from '@jest/globals';
import { backoff } from '../../../src/agent-webkit/engine/timing/backoff.js';
import { retry } from '../../../src/agent-webkit/engine/timing/retry.js';

const never = () => false;
const down = () => Promise.reject(new Error('down'));

describe('the backoff between attempts', () => {
  it('starts at 100 ms, doubles each time and stays at 5 seconds', () => {
    const delays = backoff();
    const first = Array.from({ length: 9 }, () => delays.next().value);
    expect(first).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
  });
});

describe('a retry', () => {
  it('repeats an attempt until it succeeds, and reports each failure', async () => {
    const failures: unknown[] = [];
    const attempt = jest.fn<() => string>();
    attempt.mockImplementationOnce(() => {
      throw new Error('down');
    });
    attempt.mockReturnValue('done');
    const { signal } = new AbortController();
    const onFailure = (error: unknown) => void failures.push(error);
    expect(await retry(attempt, { signal, isFinal: never, onFailure })).toBe('done');
    expect(failures).toEqual([new Error('down')]);
  });

  it('throws a final error at once and does not report it', async () => {
    const onFailure = jest.fn();
    const { signal } = new AbortController();
    const retried = retry(down, { signal, isFinal: () => true, onFailure });
    await expect(retried).rejects.toThrow('down');
    expect(onFailure).not.toHaveBeenCalled();
  });

  it('throws the last error when it is aborted between two attempts', async () => {
    const stopped = new AbortController();
    const attempt = jest.fn(down);
    const onFailure = () => stopped.abort();
    const retried = retry(attempt, { signal: stopped.signal, isFinal: never, onFailure });
    await expect(retried).rejects.toThrow('down');
    expect(attempt).toHaveBeenCalledTimes(1);
  });
});
