import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { ADA, createRegistry } from '../../support/registry-bench.js';
import { settle, stopTime, user } from '../../support/session-bench.js';

const INTERVAL_MS = 15_000;

async function look(): Promise<void> {
  await jest.advanceTimersByTimeAsync(INTERVAL_MS);
  await settle();
}

describe('an unfinished session of another server', () => {
  /** The ids of unfinished sessions whose server the storage considers gone. */
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
    await bench.registry.lifecycle.start();
  });
  afterEach(async () => {
    await bench.registry.lifecycle.shutdown();
    await other.registry.lifecycle.shutdown();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('is resumed when that server stays gone', async () => {
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

  it('is resumed by one of the other servers, also when they started together', async () => {
    await bench.registry.lifecycle.shutdown();
    const random = jest.spyOn(Math, 'random').mockReturnValueOnce(0.4).mockReturnValueOnce(0.6);
    const servers = [createRegistry(storage), createRegistry(storage)];
    for (const { registry } of servers) await registry.lifecycle.start(); // oxlint-disable-line no-await-in-loop
    random.mockRestore();
    // The listing takes a moment, and omits a session that was claimed.
    storage.records.unfinished = async () => {
      const listed = orphans;
      await settle(10);
      return listed;
    };
    const claim = storage.records.claim.bind(storage.records);
    storage.records.claim = (sessionId) => {
      orphans = [];
      return claim(sessionId);
    };
    orphans = [id];
    for (let n = 0; n < 2; n += 1) {
      /* oxlint-disable no-await-in-loop -- one look after the other */
      await jest.advanceTimersByTimeAsync(INTERVAL_MS / 2);
      await settle(20);
      await jest.advanceTimersByTimeAsync(INTERVAL_MS / 2);
      await settle(20);
      /* oxlint-enable no-await-in-loop */
    }
    expect(servers.map(({ agents }) => agents.length)).toEqual([1, 0]);
    const names = (await storage.events.read(id, 0, 100)).map(({ name }) => name);
    expect(names.at(-1)).toBe('turn_start');
    for (const { registry } of servers) await registry.lifecycle.shutdown(); // oxlint-disable-line no-await-in-loop
  });

  it('is left to a server that was disconnected only briefly', async () => {
    orphans = [id];
    await look();
    orphans = [];
    await look();
    orphans = [id];
    await look();
    expect(bench.registry.size).toBe(0);
    expect(other.agents[0]?.isClosed).toBe(false);
  });

  it('is searched again when the storage did not answer', async () => {
    orphans = [id];
    await look();
    storage.records.unfinished = () => Promise.reject(new Error('away'));
    await look();
    storage.records.unfinished = () => Promise.resolve(orphans);
    await look();
    await look();
    expect(bench.registry.size).toBe(1);
  });

  it('is not taken over from this server itself', async () => {
    await bench.registry.lifecycle.shutdown();
    orphans = [id];
    await other.registry.lifecycle.start();
    const [agent] = other.agents;
    await look();
    await look();
    expect(agent?.isClosed).toBe(false);
    expect(other.agents).toHaveLength(1);
  });

  it('is resumed later when it could be claimed but not be read', async () => {
    const read = storage.events.read.bind(storage.events);
    storage.events.read = () => Promise.reject(new Error('away'));
    orphans = [id];
    await look();
    await look();
    // A claimed session belongs to this server, which is alive.
    orphans = [];
    expect(bench.registry.size).toBe(0);
    await look();
    storage.events.read = read;
    await look();
    expect(bench.agents[0]?.inputs).toMatchObject([{ content: 'waits' }]);
  });

  it('is left to its new owner when it could not be read', async () => {
    const read = storage.events.read.bind(storage.events);
    storage.events.read = () => Promise.reject(new Error('away'));
    orphans = [id];
    await look();
    await look();
    orphans = [];
    await storage.records.claim(id);
    storage.events.read = read;
    await look();
    await look();
    expect(bench.registry.size).toBe(0);
  });

  it('is resumed by a server that had it before and did not notice that it was taken over', async () => {
    const next = createRegistry(storage);
    await next.registry.get(id, ADA);
    await settle();
    await next.registry.send(id, user('waits, too'), ADA);
    await bench.registry.lifecycle.shutdown();
    await other.registry.lifecycle.start();
    const stale = await other.registry.get(id, ADA);
    // The subscriber keeps the session in memory.
    const subscription = stale.subscribe(0, () => undefined);
    orphans = [id];
    await look();
    await look();
    expect(stale.state).toBe('closed');
    expect(other.agents.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    expect(other.agents[1]?.inputs).toMatchObject([{ content: 'waits, too' }]);
    subscription.close();
    await next.registry.lifecycle.shutdown();
  });
});
