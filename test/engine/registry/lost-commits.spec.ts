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
  let reads: number;
  beforeEach(async () => {
    stopTime();
    left = new Map();
    reads = 0;
    storage = new MemoryStorage();
    const get = storage.records.get.bind(storage.records);
    storage.records.get = async (id) => {
      reads += 1;
      const record = await get(id);
      const lastSeq = left.get(id) ?? record?.log.lastSeq ?? 0;
      return record && { ...record, log: { ...record.log, lastSeq } };
    };
    bench = createRegistry(storage);
    await bench.registry.start();
  });
  afterEach(async () => {
    await bench.registry.shutdown();
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

  it('reads one record in each interval while nothing is lost', async () => {
    const sessions = [await create(), await create(), await create()];
    reads = 0;
    await look();
    expect(reads).toBeGreaterThanOrEqual(1);
    expect(reads).toBeLessThanOrEqual(2);
    expect(sessions.map(({ endReason }) => endReason)).toEqual([null, null, null]);
  });

  it('looks at no session after the last one was deleted', async () => {
    const [kept, deleted] = [await create(), await create()];
    await bench.registry.delete(deleted.id, ADA);
    reads = 0;
    await look();
    expect(reads).toBe(0);
    expect(kept.endReason).toBeNull();
  });
});
