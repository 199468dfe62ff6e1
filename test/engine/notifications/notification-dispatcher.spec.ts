import { afterEach, describe, expect, it } from '@jest/globals';
import { MAX_ATTEMPTS } from '../../../src/agent-webkit/engine/notifications/attempt-delays.js';
import {
  NotificationDispatcher,
  type NotificationDispatcherOptions,
} from '../../../src/agent-webkit/engine/notifications/notification-dispatcher.js';
import {
  ReceiverBusyError,
  ReceiverGoneError,
} from '../../../src/agent-webkit/engine/notification-receiver.js';
import type { DueNotification } from '../../../src/agent-webkit/engine/notification-outbox.js';
import { MemoryOutbox } from '../../../src/agent-webkit/storage/memory/memory-outbox.js';
import { eventually } from '../../support/eventually.js';

const dispatchers: NotificationDispatcher[] = [];
afterEach(() => Promise.all(dispatchers.splice(0).map((dispatcher) => dispatcher.stop())));

type Deliver = (notification: DueNotification, signal: AbortSignal) => Promise<void>;

function dispatch(
  outbox: MemoryOutbox,
  deliver: Deliver,
  options: Partial<NotificationDispatcherOptions> = {},
) {
  const log: string[] = [];
  const logger = { warn: (line: string) => void log.push(line) };
  const receiver = { name: 'hooks.example.org', deliver };
  const dispatcher = new NotificationDispatcher({ outbox, receiver, logger, ...options });
  dispatchers.push(dispatcher);
  dispatcher.start();
  return { dispatcher, log };
}

function fill(outbox: MemoryOutbox, count: number): void {
  for (let seq = 1; seq <= count; seq += 1) outbox.add({ id: `id ${seq}`, seq, body: '{}' });
}

/** The number of notifications that are stored. */
const stored = async (outbox: MemoryOutbox) => {
  const count = await outbox.trim(0);
  fill(outbox, count);
  return count;
};

const GONE: Deliver = () => Promise.reject(new ReceiverGoneError('The answer was 410.'));
const HANGING: Deliver = () => new Promise(() => undefined);

describe('The dispatcher of notifications', () => {
  it('delivers each notification once, also those that are added later', async () => {
    const outbox = new MemoryOutbox();
    const delivered: string[] = [];
    fill(outbox, 30);
    const { dispatcher } = dispatch(outbox, async ({ id }) => void delivered.push(id));
    await eventually(() => delivered.length === 30);
    outbox.add({ id: 'later', seq: 31, body: '{}' });
    dispatcher.wake();
    await eventually(() => delivered.length === 31);
    expect(new Set(delivered).size).toBe(31);
    expect(await stored(outbox)).toBe(0);
  });

  it('attempts a delivery that failed again a second later, with the same id, and logs both', async () => {
    const outbox = new MemoryOutbox();
    const attempts: DueNotification[] = [];
    fill(outbox, 1);
    const { log } = dispatch(outbox, async (notification) => {
      attempts.push(notification);
      if (attempts.length === 1) throw new Error('The answer was 500.');
    });
    await eventually(() => attempts.length === 2);
    expect(attempts.map(({ id }) => id)).toEqual(['id 1', 'id 1']);
    await eventually(() => log.length === 2);
    expect(log).toEqual([
      'Could not deliver notification id 1 to hooks.example.org. Retrying for three days: The answer was 500.',
      'Notifications are delivered to hooks.example.org again.',
    ]);
  });

  it('makes at most eight deliveries at the same time, and ends those that take too long', async () => {
    const outbox = new MemoryOutbox();
    fill(outbox, 20);
    let running = 0;
    const ended: string[] = [];
    const deliver: Deliver = ({ id }, signal) => {
      running += 1;
      expect(running).toBeLessThanOrEqual(8);
      signal.addEventListener('abort', () => {
        running -= 1;
        ended.push(id);
      });
      return new Promise(() => undefined);
    };
    dispatch(outbox, deliver, { timeoutMs: 50 });
    await eventually(() => ended.length >= 20);
    expect(new Set(ended).size).toBe(20);
  });

  it('removes a notification after the last attempt, with a line in the log', async () => {
    const outbox = new MemoryOutbox();
    fill(outbox, 1);
    for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      await outbox.claim(1, -1);
    }
    const { log } = dispatch(outbox, () => Promise.reject(new Error('The answer was 404.')));
    await eventually(() => log.length);
    expect(log).toEqual([
      'Notification id 1 was removed: it was not delivered to hooks.example.org in 14 attempts (The answer was 404.).',
    ]);
    expect(await stored(outbox)).toBe(0);
  });

  it('removes the oldest notifications beyond the maximum, with a line in the log', async () => {
    const outbox = new MemoryOutbox();
    fill(outbox, 10);
    const { log } = dispatch(outbox, HANGING, { maxStored: 4 });
    await eventually(() => log.length);
    expect(log).toEqual([
      'Removed the 6 oldest notifications, because more than 4 were waiting for hooks.example.org.',
    ]);
  });

  it('delivers nothing during a pause that the receiver asked for', async () => {
    const outbox = new MemoryOutbox();
    let attempts = 0;
    fill(outbox, 1);
    const { dispatcher, log } = dispatch(outbox, async () => {
      attempts += 1;
      throw new ReceiverBusyError('The answer was 429.', 600_000);
    });
    await eventually(() => log.length);
    outbox.add({ id: 'later', seq: 2, body: '{}' });
    dispatcher.wake();
    await dispatcher.stop();
    expect(attempts).toBe(1);
    expect(await stored(outbox)).toBe(2);
  });

  it('delivers everything after the pause', async () => {
    const outbox = new MemoryOutbox();
    const attempts: string[] = [];
    fill(outbox, 20);
    const { log } = dispatch(outbox, async ({ id }) => {
      attempts.push(id);
      if (attempts.length === 1) throw new ReceiverBusyError('The answer was 503.', 20);
    });
    await eventually(() => new Set(attempts).size === 20 && log.length === 2);
    await eventually(
      () => stored(outbox),
      (count) => count === 0,
    );
    expect(attempts.filter((id) => id === attempts[0])).toHaveLength(2);
  });

  it('attempts a delivery not before the pause, also with an outbox that another server reads', async () => {
    const outbox = new MemoryOutbox();
    const delays: number[] = [];
    const defer = outbox.defer.bind(outbox);
    outbox.defer = (id, delayMs) => {
      delays.push(delayMs);
      return defer(id, delayMs);
    };
    fill(outbox, 1);
    dispatch(outbox, () => Promise.reject(new ReceiverBusyError('Busy.', 600_000)));
    await eventually(() => delays.length);
    expect(delays).toEqual([600_000]);
  });

  it('delivers nothing more to a receiver that is gone, keeps the notifications, and logs one line', async () => {
    const outbox = new MemoryOutbox();
    fill(outbox, 20);
    let attempts = 0;
    const { dispatcher, log } = dispatch(outbox, async () => {
      attempts += 1;
      throw new ReceiverGoneError('The answer was 410.');
    });
    await eventually(() => attempts === 8);
    outbox.add({ id: 'later', seq: 21, body: '{}' });
    dispatcher.wake();
    await dispatcher.stop();
    expect(attempts).toBe(8);
    expect(log).toEqual([
      'No more notifications are delivered to hooks.example.org until this server restarts, because it is gone: ' +
        'The answer was 410. They are still stored.',
    ]);
    const delivered: string[] = [];
    dispatch(outbox, async ({ id }) => void delivered.push(id));
    await eventually(() => delivered.length === 21);
    expect(await stored(outbox)).toBe(0);
  });

  it('limits the number of notifications that wait for a receiver that is gone', async () => {
    const outbox = new MemoryOutbox();
    fill(outbox, 1);
    const { dispatcher, log } = dispatch(outbox, GONE, { maxStored: 4, trimMs: 0 });
    await eventually(() => log.length);
    fill(outbox, 10);
    dispatcher.wake();
    await eventually(() => log.length === 2);
    expect(await stored(outbox)).toBe(4);
  });

  it('stops while a delivery hangs, and makes the notification due again', async () => {
    const outbox = new MemoryOutbox();
    fill(outbox, 1);
    let isBegun = false;
    const { dispatcher, log } = dispatch(outbox, () => {
      isBegun = true;
      return new Promise(() => undefined);
    });
    await eventually(() => isBegun);
    await dispatcher.stop();
    expect(await outbox.claim(10, 0)).toMatchObject([{ id: 'id 1' }]);
    expect(log).toEqual([]);
  });

  it('continues when the outbox has failed', async () => {
    const outbox = new MemoryOutbox();
    fill(outbox, 1);
    const delivered: string[] = [];
    const claim = outbox.claim.bind(outbox);
    outbox.claim = () => Promise.reject(new Error('a defect'));
    const { dispatcher, log } = dispatch(outbox, async ({ id }) => void delivered.push(id));
    await eventually(() => log.length);
    expect(log).toEqual(['Notifications are delayed: Error: a defect']);
    outbox.claim = claim;
    dispatcher.wake();
    await eventually(() => delivered.length);
  });
});
