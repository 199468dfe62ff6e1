import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Backoff } from '../../src/agent-webkit-client/backoff.js';
import { ApiError } from '../../src/agent-webkit-client/api-error.js';

describe('the delays between attempts', () => {
  it('grow up to a bound, and differ', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (failures) => {
        const backoff = new Backoff({ minMs: 1000, maxMs: 30_000 });
        for (let at = 1; at < failures; at += 1) backoff.next(null);
        const delay = backoff.next(null);
        const longest = Math.min(30_000, 1000 * 2 ** (failures - 1));
        expect(delay).toBeGreaterThanOrEqual(longest / 2);
        expect(delay).toBeLessThanOrEqual(longest);
        backoff.reset();
        expect(backoff.next(null)).toBeLessThanOrEqual(1000);
      }),
    );
  });

  it('are at least as long as the server asks for, and at most a little more than 5 minutes', () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), (asked) => {
        const error = new ApiError(503, 'agents_busy', 'Busy.', asked);
        const delay = new Backoff().next(error);
        expect(delay).toBeGreaterThanOrEqual(Math.min(asked, 300_000));
        expect(delay).toBeLessThanOrEqual(Math.max(1000, Math.min(asked, 300_000) + 1000));
      }),
    );
  });
});
