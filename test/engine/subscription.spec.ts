import { describe, expect, it, jest } from '@jest/globals';
import type { WireEvent } from '../../src/agent-webkit/protocol/events.js';
import { HeldEventStore } from '../support/held-storage.js';
import { openLog } from '../support/open-log.js';
import { settle } from '../support/session-bench.js';

const delta = (text = ''): WireEvent => ({
  event: 'message_delta',
  data: { message_id: 'm', delta: { type: 'text', text } },
});
const nothing = () => undefined;
const seqs = (events: readonly { seq: number }[]) => events.map(({ seq }) => seq);

describe('a subscription', () => {
  it('wakes a subscriber once for everything of one turn of the event loop', async () => {
    const log = openLog();
    const onReadable = jest.fn();
    const subscription = log.subscribe(0, onReadable, nothing);
    for (let n = 0; n < 10; n += 1) void log.append(delta());
    expect(onReadable).not.toHaveBeenCalled();
    await settle();
    expect(onReadable).toHaveBeenCalledTimes(1);
    expect(subscription.read(Number.POSITIVE_INFINITY)).toMatchObject({ kind: 'events' });
    expect(subscription.read(1)).toEqual({ kind: 'caught_up' });
    log.end();
    log.end();
    await settle();
    expect(onReadable).toHaveBeenCalledTimes(2);
    expect(subscription.read(1)).toEqual({ kind: 'ended' });
  });

  it('gives what is kept from before the window a bit at a time, too', () => {
    const log = openLog({ maxEvents: 1 });
    const messages = Array.from({ length: 5 }, (_, index) => `m${index}`);
    for (const message_id of messages) {
      void log.append({ event: 'user_message', data: { message_id, content: 'x'.repeat(100) } });
    }
    void log.append(delta());
    const subscription = log.subscribe(0, nothing, nothing);
    const readings: number[][] = [];
    for (;;) {
      const reading = subscription.read(150);
      if (reading.kind !== 'events') break;
      readings.push(seqs(reading.events));
    }
    expect(readings).toEqual([[1, 2], [3, 4], [5], [6]]);
  });

  it.each([3, 50, 1000])(
    'lets a subscriber keep up that reads when it is told, with a window of %d events',
    async (maxEvents) => {
      const log = openLog({ maxEvents });
      const read: number[] = [];
      const onReadable = () => {
        const reading = subscription.read(Number.POSITIVE_INFINITY);
        expect(reading.kind).not.toBe('overtaken');
        if (reading.kind === 'events') read.push(...seqs(reading.events));
      };
      const subscription = log.subscribe(0, onReadable, nothing);
      for (let n = 0; n < 500; n += 1) void log.append(delta());
      await settle();
      expect(read).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
    },
  );

  it('takes what a subscriber appends because of what it read, in order', async () => {
    const store = new HeldEventStore();
    store.isHeld = false;
    const log = openLog({ store, maxEvents: 8 });
    const read: number[] = [];
    const onReadable = () => {
      const reading = subscription.read(Number.POSITIVE_INFINITY);
      if (reading.kind !== 'events') return;
      read.push(...seqs(reading.events));
      if (read.length < 50) void log.append(delta('echo'));
    };
    const subscription = log.subscribe(0, onReadable, nothing);
    for (let n = 0; n < 20; n += 1) {
      void log.append(delta());
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await settle(1);
    }
    await settle(100);
    const stored = seqs(store.appends.flat());
    expect(stored).toEqual(stored.map((_, index) => index + 1));
    expect(read).toEqual(read.map((_, index) => index + 1));
    expect(read.length).toBeGreaterThanOrEqual(50);
  });

  it('does not call a subscriber that has left', async () => {
    const log = openLog();
    const onReadable = jest.fn();
    const onClose = jest.fn();
    const subscription = log.subscribe(0, onReadable, onClose);
    void log.append(delta());
    subscription.close();
    subscription.close();
    await settle();
    expect(onReadable).not.toHaveBeenCalled();
    expect(onClose).toHaveBeenCalledTimes(1);
  });

  it('says when nobody follows any more', async () => {
    const log = openLog();
    await log.unsubscribed();
    const [first, second] = [1, 2].map(() => log.subscribe(0, nothing, nothing));
    const left = jest.fn();
    void log.unsubscribed().then(left);
    first?.close();
    await settle();
    expect(left).not.toHaveBeenCalled();
    second?.close();
    await settle();
    expect(left).toHaveBeenCalledTimes(1);
  });
});
