import { EventEmitter, once } from 'node:events';
import { describe, expect, it, jest } from '@jest/globals';
import type { EventLog } from '../../../src/agent-webkit/engine/event-log/event-log.js';
import type { WireEvent } from '../../../src/agent-webkit/protocol/events.js';
import { encodeFrame } from '../../../src/agent-webkit/protocol/sse-frames.js';
import { storedEvent } from '../../support/event-time.js';
import { HeldEventStore } from '../../support/held-storage.js';
import { memoryEvents } from '../../support/memory-events.js';
import { openLog } from '../../support/open-log.js';
import { settle } from '../../support/session-bench.js';

const delta = (text = ''): WireEvent => ({
  event: 'message_delta',
  data: { message_id: 'm', delta: { type: 'text', text } },
});
const nothing = () => undefined;
const ids = (events: readonly ({ id: number } | { seq: number })[]) =>
  events.map((event) => ('id' in event ? event.id : event.seq));

/** Reads until the given number of events is read, and waits whenever there is none. */
async function follow(log: EventLog, last: number): Promise<number[]> {
  const read: number[] = [];
  const more = new EventEmitter();
  const subscription = log.subscribe(0, () => more.emit('readable'), nothing);
  for (;;) {
    const readable = once(more, 'readable');
    const reading = subscription.read(300);
    if (reading.kind === 'events') read.push(...ids(reading.events));
    if (read.length >= last) return read;
    expect(reading.kind).not.toBe('overtaken');
    // oxlint-disable-next-line no-await-in-loop -- one reading after the other
    if (reading.kind === 'caught_up') await readable;
  }
}

describe('a subscription', () => {
  it('wakes a subscriber once for all events of one turn of the event loop', async () => {
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

  it('returns open events from before the window in bounded reads', () => {
    const log = openLog({ maxEvents: 1 });
    const messages = Array.from({ length: 5 }, (_, index) => `m${index}`);
    for (const message_id of messages) {
      void log.append({ event: 'user_message', data: { message_id, content: 'x'.repeat(100) } });
    }
    void log.append(delta());
    const subscription = log.subscribe(0, nothing, nothing);
    const readings: number[][] = [];
    for (;;) {
      // The frame of each has some 220 bytes.
      const reading = subscription.read(230);
      if (reading.kind !== 'events') break;
      readings.push(ids(reading.events));
    }
    expect(readings).toEqual([[1, 2], [3, 4], [5], [6]]);
  });

  it.each([3, 50, 1000])(
    'overtakes no subscriber that reads when it is notified, with a window of %d events',
    async (maxEvents) => {
      const log = openLog({ maxEvents });
      const read: number[] = [];
      const onReadable = () => {
        const reading = subscription.read(Number.POSITIVE_INFINITY);
        expect(reading.kind).not.toBe('overtaken');
        if (reading.kind === 'events') read.push(...ids(reading.events));
      };
      const subscription = log.subscribe(0, onReadable, nothing);
      for (let n = 0; n < 500; n += 1) void log.append(delta());
      await settle();
      expect(read).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
    },
  );

  it('delivers in order the events that a subscriber appends while it reads', async () => {
    const store = new HeldEventStore();
    store.isHeld = false;
    const log = openLog({ store, maxEvents: 8 });
    const read: number[] = [];
    const onReadable = () => {
      const reading = subscription.read(Number.POSITIVE_INFINITY);
      if (reading.kind !== 'events') return;
      read.push(...ids(reading.events));
      if (read.length < 50) void log.append(delta('echo'));
    };
    const subscription = log.subscribe(0, onReadable, nothing);
    for (let n = 0; n < 20; n += 1) {
      void log.append(delta());
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await settle(1);
    }
    await settle(100);
    const stored = ids(store.appends.flat());
    expect(stored).toEqual(stored.map((_, index) => index + 1));
    expect(read).toEqual(read.map((_, index) => index + 1));
    expect(read.length).toBeGreaterThanOrEqual(50);
  });

  describe('to a log with few events in memory', () => {
    const inMemory = { maxEvents: 5000, maxLogChars: 10_000_000, maxHeldBytes: 500 };
    it('reads older events from the storage in order while live events are appended', async () => {
      const store = memoryEvents();
      const read = store.read.bind(store);
      const limits: number[] = [];
      store.read = async (...args) => {
        limits.push(args[2]);
        await settle(2);
        return read(...args);
      };
      const log = openLog({ store, ...inMemory });
      for (let n = 0; n < 3000; n += 1) void log.append(delta('x'.repeat(400)));
      const following = follow(log, 3300);
      for (let n = 0; n < 300; n += 1) {
        void log.append(delta('live'));
        // oxlint-disable-next-line no-await-in-loop -- appends during the reads
        if (n % 10 === 0) await settle(1);
      }
      expect(await following).toEqual(Array.from({ length: 3300 }, (_, index) => index + 1));
      // At 400 characters each, no read exceeds its limit by much.
      expect(Math.max(...limits)).toBeLessThan(700);
    });

    it('retries while the storage cannot be read', async () => {
      const store = memoryEvents();
      const log = openLog({ store, ...inMemory });
      for (let n = 0; n < 100; n += 1) void log.append(delta('x'.repeat(50)));
      const read = store.read.bind(store);
      let failures = 2;
      store.read = (...args) => {
        failures -= 1;
        return failures < 0 ? read(...args) : Promise.reject(new Error('away'));
      };
      expect(await follow(log, 100)).toHaveLength(100);
      expect(failures).toBeLessThan(0);
    });

    it('is overtaken when the next event was trimmed before it was read', async () => {
      const store = memoryEvents();
      const log = openLog({ store, ...inMemory, maxEvents: 200 });
      for (let n = 0; n < 200; n += 1) void log.append(delta('x'.repeat(50)));
      const onReadable = jest.fn();
      await store.trim('s', 150, []);
      const subscription = log.subscribe(0, onReadable, nothing);
      expect(subscription.read(100)).toEqual({ kind: 'caught_up' });
      await settle();
      expect(onReadable).toHaveBeenCalledTimes(1);
      expect(subscription.read(100)).toEqual({ kind: 'overtaken' });
      await expect(log.read(10, 5)).rejects.toMatchObject({ code: 'storage_unavailable' });
    });

    it.each(['before', 'after'])(
      'is overtaken when the log ends %s a read of a storage that does not answer',
      async (order) => {
        const store = memoryEvents();
        const log = openLog({ store, ...inMemory });
        for (let n = 0; n < 100; n += 1) void log.append(delta('x'.repeat(50)));
        store.read = () => Promise.reject(new Error('closed'));
        const kinds: string[] = [];
        const cut = new EventEmitter();
        const isCut = once(cut, 'overtaken');
        const read = () => {
          const { kind } = subscription.read(100);
          kinds.push(kind);
          cut.emit(kind);
        };
        const subscription = log.subscribe(0, read, nothing);
        await settle();
        if (order === 'before') log.end();
        read();
        await settle();
        if (order === 'after') log.end();
        await isCut;
        expect(new Set(kinds)).toEqual(new Set(['caught_up', 'overtaken']));
      },
    );

    it('is not notified after it was closed', async () => {
      const log = openLog(inMemory);
      for (let n = 0; n < 100; n += 1) void log.append(delta('x'.repeat(50)));
      const onReadable = jest.fn();
      const subscription = log.subscribe(0, onReadable, nothing);
      await settle();
      onReadable.mockClear();
      expect(subscription.read(100)).toEqual({ kind: 'caught_up' });
      subscription.close();
      await settle();
      expect(onReadable).not.toHaveBeenCalled();
    });

    it('closes only the subscription whose callback throws when a fetched page is ready', async () => {
      const onSubscriberError = jest.fn();
      const log = openLog({ ...inMemory, onSubscriberError });
      for (let n = 0; n < 100; n += 1) void log.append(delta('x'.repeat(50)));
      const failure = new Error('broken subscriber');
      const onReadable = jest.fn(() => {
        throw failure;
      });
      const onClose = jest.fn();
      const broken = log.subscribe(0, onReadable, onClose);
      const healthy = follow(log, 100);
      expect(broken.read(100)).toEqual({ kind: 'caught_up' });
      expect(await healthy).toHaveLength(100);
      expect(onReadable).toHaveBeenCalledTimes(1);
      expect(onClose).toHaveBeenCalledTimes(1);
      expect(onSubscriberError.mock.calls).toEqual([[failure]]);
    });
  });

  it('closes only the subscription whose callback throws, and wakes every other one', async () => {
    const onSubscriberError = jest.fn();
    const log = openLog({ onSubscriberError });
    const before = jest.fn();
    const after = jest.fn();
    const onClose = jest.fn();
    const failure = new Error('broken subscriber');
    const onReadable = jest.fn(() => {
      throw failure;
    });
    log.subscribe(0, before, nothing);
    log.subscribe(0, onReadable, onClose);
    log.subscribe(0, after, nothing);
    void log.append(delta());
    await settle();
    expect(onSubscriberError.mock.calls).toEqual([[failure]]);
    expect(onClose).toHaveBeenCalledTimes(1);
    expect(log.subscribers).toBe(2);
    void log.append(delta());
    await settle();
    expect(onReadable).toHaveBeenCalledTimes(1);
    expect([before, after].map(({ mock }) => mock.calls.length)).toEqual([2, 2]);
  });

  it('publishes events to healthy subscribers although one throws while a large batch is appended', async () => {
    const log = openLog({ onSubscriberError: nothing });
    log.subscribe(
      0,
      () => {
        throw new Error('broken subscriber');
      },
      nothing,
    );
    const healthy = follow(log, 500);
    expect(() => {
      for (let n = 0; n < 500; n += 1) void log.append(delta());
    }).not.toThrow();
    expect(await healthy).toHaveLength(500);
  });

  it('counts the bytes published since its last read', () => {
    const log = openLog();
    void log.append(delta('before'));
    const subscription = log.subscribe(0, nothing, nothing);
    expect(subscription.waitingBytes).toBe(0);
    void log.append(delta('é'), delta('é'));
    const { name, data } = storedEvent(2, delta('é'));
    const frame = encodeFrame({ id: 2, name, data });
    expect(subscription.waitingBytes).toBe(2 * (frame.length + 1));
    subscription.read(1);
    expect(subscription.waitingBytes).toBe(0);
  });

  it('does not notify a subscriber that has closed it', async () => {
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

  it('resolves unsubscribed when the last subscription is closed', async () => {
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
