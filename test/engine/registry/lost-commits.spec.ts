import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LostCommits } from '../../../src/agent-webkit/engine/registry/lost-commits.js';
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
  let isDown: boolean;
  beforeEach(async () => {
    stopTime();
    left = new Map();
    reads = 0;
    isDown = false;
    storage = new MemoryStorage();
    const get = storage.records.get.bind(storage.records);
    storage.records.get = async (id) => {
      reads += 1;
      if (isDown) throw new Error('The storage does not answer.');
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

  it('compares every session after one was restored without its last commit', async () => {
    const cut = await create();
    const commits = new LostCommits(storage.records);
    commits.committed(cut.id, cut.lastSeq);
    await commits.check([Promise.resolve(cut)]);
    expect(cut.endReason).toBeNull();
    commits.restored(cut.id, cut.lastSeq);
    commits.committed(cut.id, 1);
    left.set(cut.id, 2);
    await commits.check([Promise.resolve(cut)]);
    expect(cut.endReason).toBeNull();
    commits.committed(cut.id, cut.lastSeq);
    commits.restored(cut.id, 2);
    commits.committed(cut.id, 2);
    await commits.check([Promise.resolve(cut)]);
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

  it('looks at no session after the last one was deleted', async () => {
    const [kept, deleted] = [await create(), await create()];
    await look();
    await bench.registry.delete(deleted.id, ADA);
    reads = 0;
    await look();
    expect(reads).toBe(0);
    expect(kept.endReason).toBeNull();
  });
});
