import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MemoryStorage } from '../../src/agent-webkit/storage/memory/memory-storage.js';
import { ADA, createRegistry } from '../support/registry-bench.js';
import { settle, stopTime, user } from '../support/session-bench.js';

const INTERVAL_MS = 15_000;

async function look(): Promise<void> {
  await jest.advanceTimersByTimeAsync(INTERVAL_MS);
  await settle();
}

describe('what another server left unfinished', () => {
  /** The ids of sessions whose server the storage takes for gone. */
  let orphans: string[] = [];
  let storage: MemoryStorage;
  let other: ReturnType<typeof createRegistry>;
  let bench: ReturnType<typeof createRegistry>;
  let id: string;
  beforeEach(async () => {
    stopTime();
    orphans = [];
    storage = new MemoryStorage();
    storage.records.unfinished = () => Promise.resolve(orphans);
    other = createRegistry(storage);
    const session = await other.registry.create({}, ADA);
    id = session.id;
    await session.accept(user('runs'), ADA);
    await session.accept(user('waits'), ADA);
    await settle();
    bench = createRegistry(storage);
    await bench.registry.start();
  });
  afterEach(async () => {
    await bench.registry.shutdown();
    await other.registry.shutdown();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('goes on by itself when that server is gone for longer than a moment', async () => {
    orphans = [id];
    await look();
    expect(bench.registry.size).toBe(0);
    await look();
    expect(bench.agents[0]?.inputs).toMatchObject([{ content: 'waits' }]);
    const names = (await storage.events.read(id, 0, 100)).map(({ name }) => name);
    expect(names.slice(-5)).toEqual([
      'error',
      'result',
      'session_state',
      'session_state',
      'turn_start',
    ]);
  });

  it('is left to a server that was only cut off for a moment', async () => {
    orphans = [id];
    await look();
    orphans = [];
    await look();
    orphans = [id];
    await look();
    expect(bench.registry.size).toBe(0);
    expect(other.agents[0]?.isClosed).toBe(false);
  });

  it('is looked for again when the storage could not tell', async () => {
    orphans = [id];
    await look();
    storage.records.unfinished = () => Promise.reject(new Error('away'));
    await look();
    storage.records.unfinished = () => Promise.resolve(orphans);
    await look();
    await look();
    expect(bench.registry.size).toBe(1);
  });

  it('is not taken from a server that is itself', async () => {
    orphans = [id];
    await other.registry.start();
    const [agent] = other.agents;
    await look();
    await look();
    expect(agent?.isClosed).toBe(false);
    expect(other.agents).toHaveLength(1);
  });
});
