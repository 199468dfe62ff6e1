import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { encodeFrames } from '../../src/agent-webkit/sse-frames.js';

const event = (seq: number) => ({ seq, name: 'error', data: '{}' });
const ids = (bytes: Buffer) =>
  [...bytes.toString().matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));

describe('the bytes of events', () => {
  it('are those of each list, also of two that begin and end alike', () => {
    const [first, answered, last] = [event(2), event(9), event(10)];
    expect(ids(encodeFrames([first, answered, last]))).toEqual([2, 9, 10]);
    expect(ids(encodeFrames([first, last]))).toEqual([2, 10]);
    expect(encodeFrames([first, last])).toBe(encodeFrames([first, last]));
  });

  it('are made once for all who read in the same turn, and not kept for as long as the events', async () => {
    const events = [event(1), event(2)];
    const bytes = encodeFrames(events);
    expect(encodeFrames([...events])).toBe(bytes);
    await nextTurn();
    expect(encodeFrames(events)).not.toBe(bytes);
    expect(encodeFrames(events)).toEqual(bytes);
  });
});
