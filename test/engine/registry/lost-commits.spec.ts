import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Session } from '../../../src/agent-webkit/engine/session/session.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { ADA, createRegistry } from '../../support/registry-bench.js';
import { settle, stopTime, user } from '../../support/session-bench.js';

/** The longest time between two looks at the storage. */
const INTERVAL_MS = 15_000;

/** Resolves after at least one look. The first one is after a random part of the interval. */
async function look(): Promise<void> {
  await jest.advanceTimersByTimeAsync(2 * INTERVAL_MS);
  await settle(8);
}

describe('a server whose storage loses the last commits', () => {
  let storage: MemoryStorage;
  let bench: ReturnType<typeof createRegistry>;
  /** The number of events that the storage has left of each session. */
  let left: Map<string, number>;
  /** The epochs that the storage has put back, by session. */
  let epochs: Map<string, number>;
  let reads: number;
  let isDown: boolean;
  beforeEach(async () => {
    stopTime();
    left = new Map();
    epochs = new Map();
    reads = 0;
    isDown = false;
    storage = new MemoryStorage();
    Object.assign(storage, { durable: true }); // sessions stay when a server stops
    const get = storage.records.get.bind(storage.records);
    storage.records.get = async (id) => {
      reads += 1;
      if (isDown) throw new Error('The storage does not answer.');
      const record = await get(id);
      const lastSeq = left.get(id) ?? record?.log.lastSeq ?? 0;
      if (!record) return null;
      const epoch = epochs.get(id) ?? record.epoch;
      return { ...record, epoch, log: { ...record.log, lastSeq } };
    };
    bench = createRegistry(storage);
    await bench.registry.lifecycle.start();
  });
  afterEach(async () => {
    await bench.registry.lifecycle.shutdown();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  const create = async (): Promise<Session> => {
    const session = await bench.registry.create({}, ADA);
    await bench.registry.send(session.id, user('hi'), ADA);
    return session;
  };
  it('closes the sessions with lost events, whose streams end, and no others', async () => {
    const [whole, cut, last] = [await create(), await create(), await create()];
    const ended = jest.fn();
    const subscription = cut.subscribe(0, () => {
      while (subscription.read(10_000).kind === 'events');
      if (subscription.read(1).kind === 'ended') ended();
    });
    left.set(cut.id, 2).set(last.id, 1);
    await look();
    expect(whole.endReason).toBeNull();
    expect(cut.endReason).toBe('ownership_lost');
    expect(last.endReason).toBe('ownership_lost');
    expect(ended).toHaveBeenCalled();
    expect(bench.registry.size).toBe(1);
    subscription.close();
  });

  it('closes a session with lost events also when it has stored events of others since', async () => {
    const [other, cut] = [await create(), await create()];
    left.set(cut.id, 2);
    await bench.registry.send(other.id, user('more'), ADA);
    await look();
    expect(other.endReason).toBeNull();
    expect(cut.endReason).toBe('ownership_lost');
  });

  it('closes every session with lost events after the storage rejected events of one', async () => {
    const [cut, last] = [await create(), await create()];
    await look();
    left.set(cut.id, 2);
    storage.events.append = () => {
      throw new RangeError('A gap.');
    };
    await expect(bench.registry.send(last.id, user('more'), ADA)).rejects.toThrow();
    expect(last.endReason).toBe('ownership_lost');
    expect(cut.endReason).toBeNull();
    await look();
    expect(cut.endReason).toBe('ownership_lost');
  });

  it('closes a session with lost events that was loaded before another one', async () => {
    const [idle, cut] = [await create(), await create()];
    await look();
    await bench.registry.lifecycle.shutdown();
    bench = createRegistry(storage);
    await bench.registry.lifecycle.start();
    const loaded = await bench.registry.get(cut.id, ADA);
    await bench.registry.get(idle.id, ADA);
    left.set(cut.id, 2);
    await look();
    expect(loaded.endReason).toBe('ownership_lost');
  });

  it('closes a session without events of this server when the storage has lost some of it', async () => {
    const cut = await create();
    await bench.registry.lifecycle.shutdown();
    bench = createRegistry(storage);
    await bench.registry.lifecycle.start();
    const loaded = await bench.registry.get(cut.id, ADA);
    await look();
    left.set(cut.id, 2);
    await look();
    expect(loaded.endReason).toBe('ownership_lost');
  });

  it('closes a session with lost events when the last commit is the takeover of another one', async () => {
    const [idle, cut] = [await create(), await create()];
    await bench.registry.lifecycle.shutdown();
    bench = createRegistry(storage);
    await bench.registry.lifecycle.start();
    const loaded = await bench.registry.get(cut.id, ADA);
    await bench.registry.get(idle.id, ADA);
    await look();
    left.set(cut.id, 2);
    epochs.set(idle.id, idle.epoch);
    await look();
    expect(loaded.endReason).toBe('ownership_lost');
  });

  it('closes a session with lost events after the session of the last commit was deleted', async () => {
    const [whole, cut, deleted] = [await create(), await create(), await create()];
    await look();
    await bench.registry.delete(deleted.id, ADA);
    left.set(cut.id, 2);
    await look();
    expect(whole.endReason).toBeNull();
    expect(cut.endReason).toBe('ownership_lost');
  });

  it('closes a session with lost events after it has compared all of them once', async () => {
    const [cut, last] = [await create(), await create()];
    left.set(last.id, 2);
    await look();
    expect([cut.endReason, last.endReason]).toEqual([null, 'ownership_lost']);
    left.set(cut.id, 2);
    await look();
    expect(cut.endReason).toBe('ownership_lost');
  });

  it('repeats a look that the storage does not answer', async () => {
    const [cut, last] = [await create(), await create()];
    left.set(cut.id, 2).set(last.id, 2);
    isDown = true;
    await look();
    expect([cut.endReason, last.endReason]).toEqual([null, null]);
    isDown = false;
    await look();
    expect([cut.endReason, last.endReason]).toEqual(['ownership_lost', 'ownership_lost']);
  });

  it('reads one record in each interval while nothing is stored or lost', async () => {
    const sessions = [await create(), await create(), await create()];
    await look();
    reads = 0;
    await look();
    expect(reads).toBeGreaterThanOrEqual(1);
    expect(reads).toBeLessThanOrEqual(2);
    expect(sessions.map(({ endReason }) => endReason)).toEqual([null, null, null]);
  });

  it('reads no record while no session is in memory', async () => {
    const deleted = await create();
    await bench.registry.delete(deleted.id, ADA);
    reads = 0;
    await look();
    expect(reads).toBe(0);
  });
});
