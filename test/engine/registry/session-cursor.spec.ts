import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { ADA, BOB, createRegistry } from '../../support/registry-bench.js';

describe('a session to read after a cursor', () => {
  const benches: ReturnType<typeof createRegistry>[] = [];
  const start = (storage: MemoryStorage, canAccess: (() => boolean) | null = null) => {
    const bench = createRegistry(storage, { canAccess });
    benches.push(bench);
    return bench.registry;
  };
  afterEach(async () => {
    await Promise.all(benches.splice(0).map(({ registry }) => registry.lifecycle.shutdown()));
  });

  /** Creates a session that the first server holds although the second one has taken it over. */
  const takenOver = async (canAccess: (() => boolean) | null = null) => {
    const storage = new MemoryStorage();
    const [first, second] = [start(storage, canAccess), start(storage, canAccess)];
    const held = await first.create({}, ADA);
    await second.get(held.id, ADA);
    return { storage, first, held };
  };

  it('is the one in memory, without a read of the storage, up to its last event', async () => {
    const storage = new MemoryStorage();
    const registry = start(storage);
    const session = await registry.create({}, ADA);
    const get = jest.spyOn(storage.records, 'get');
    expect(await registry.subscriptions.at(session.id, ADA, 1)).toBe(session);
    expect(get).not.toHaveBeenCalled();
  });

  it('is the one in memory after a cursor ahead of it when no server has taken it over', async () => {
    const storage = new MemoryStorage();
    const registry = start(storage);
    const session = await registry.create({}, ADA);
    const get = jest.spyOn(storage.records, 'get');
    expect(await registry.subscriptions.at(session.id, ADA, 9)).toBe(session);
    expect(get).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['its owner', ADA],
    ['a caller it is shared with', BOB],
  ])('is loaded again for %s after a cursor ahead of it when it was taken over', async (_, by) => {
    const { first, held } = await takenOver(() => true);
    const loaded = await first.subscriptions.at(held.id, by, 9);
    expect(loaded).not.toBe(held);
    expect(loaded.epoch).not.toBe(held.epoch);
    expect(held.endReason).toBe('released');
  });

  it('is left in memory after a cursor of a caller who may not read it', async () => {
    const { first, held } = await takenOver();
    await expect(first.subscriptions.at(held.id, BOB, 9)).rejects.toMatchObject({
      code: 'session_not_found',
    });
    expect(held.endReason).toBeNull();
  });

  it('is not found, and no longer in memory, when another server has deleted it', async () => {
    const { storage, first, held } = await takenOver();
    await storage.records.delete(held.id);
    await expect(first.subscriptions.at(held.id, ADA, 9)).rejects.toMatchObject({
      code: 'session_not_found',
    });
    expect(held.endReason).toBe('released');
  });
});
