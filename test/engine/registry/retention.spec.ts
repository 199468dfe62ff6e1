import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { ADA, createRegistry } from '../../support/registry-bench.js';
import { result } from '../../support/sdk-messages.js';
import { LIMITS, settle, stopTime, user } from '../../support/session-bench.js';

/** Hours and not days, because the fake clock also runs the timers of every few seconds. */
const HOUR_MS = 60 * 60 * 1000;
const RETENTION_MS = 6 * HOUR_MS;

async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
  await settle();
}

describe('an unused session', () => {
  let storage: MemoryStorage;
  let bench: ReturnType<typeof createRegistry>;
  beforeEach(async () => {
    stopTime();
    storage = new MemoryStorage();
    bench = createRegistry(storage, { retentionMs: RETENTION_MS });
    await bench.registry.lifecycle.start();
  });
  afterEach(async () => {
    await bench.registry.lifecycle.shutdown();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('is removed with all its data after its retention, and not before', async () => {
    const { id } = await bench.registry.create({}, ADA);
    await storage.transcripts.append({ projectKey: 'p', sessionId: id }, [{ type: 'user' }]);
    await pass(RETENTION_MS - HOUR_MS);
    expect((await bench.registry.get(id, ADA)).id).toBe(id);
    await pass(2 * HOUR_MS);
    await expect(bench.registry.get(id, ADA)).rejects.toMatchObject({ code: 'session_not_found' });
    expect(await storage.events.read(id, 0, 10)).toEqual([]);
    expect(await storage.transcripts.load({ projectKey: 'p', sessionId: id })).toBeNull();
    expect(bench.living()).toBe(0);
  });

  it('stays when it was active meanwhile, has subscribers or has work to do', async () => {
    const { registry } = bench;
    const [used, followed, busy] = await Promise.all([
      registry.create({}, ADA),
      registry.create({}, ADA),
      registry.create({}, ADA),
    ]);
    const subscription = followed.subscribe(0, () => undefined);
    await busy.accept(user('hi'), ADA);
    await pass(RETENTION_MS - HOUR_MS);
    await used.accept(user('still here'), ADA);
    await pass(2 * HOUR_MS);
    const { sessions } = await registry.list(ADA, 10, null);
    expect(new Set(sessions.map(({ session_id }) => session_id))).toEqual(
      new Set([used.id, followed.id, busy.id]),
    );
    subscription.close();
  });

  it('is removed although more than one batch is due and some sessions are active', async () => {
    const sessions = await Promise.all(
      Array.from({ length: 70 }, () => bench.registry.create({}, ADA)),
    );
    const subscriptions = sessions.slice(0, 30).map((one) => one.subscribe(0, () => undefined));
    await pass(RETENTION_MS + HOUR_MS);
    expect(await storage.records.count(ADA.id)).toBe(30);
    for (const subscription of subscriptions) subscription.close();
  });
});

describe('a session that never had a message', () => {
  const TTL_MS = 2 * HOUR_MS;
  let storage: MemoryStorage;
  let bench: ReturnType<typeof createRegistry>;
  beforeEach(async () => {
    stopTime();
    storage = new MemoryStorage();
    bench = createRegistry(storage, { emptySessionTtlMs: TTL_MS });
    await bench.registry.lifecycle.start();
  });
  afterEach(async () => {
    await bench.registry.lifecycle.shutdown();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });
  const listed = async () =>
    (await bench.registry.list(ADA, 10, null)).sessions.map(({ session_id }) => session_id);

  it('is removed after its time, also when it briefly had a subscriber', async () => {
    const { registry } = bench;
    const [, visited] = [await registry.create({}, ADA), await registry.create({}, ADA)];
    visited.subscribe(0, () => undefined).close();
    await pass(TTL_MS - HOUR_MS / 2);
    expect(await listed()).toHaveLength(2);
    await pass(2 * HOUR_MS);
    expect(await listed()).toEqual([]);
    expect(bench.living()).toBe(0);
  });

  it('stays while it has a subscriber, and is removed later', async () => {
    const session = await bench.registry.create({}, ADA);
    const subscription = session.subscribe(0, () => undefined);
    await pass(2 * TTL_MS);
    expect(await listed()).toEqual([session.id]);
    subscription.close();
    await pass(TTL_MS + HOUR_MS);
    expect(await listed()).toEqual([]);
  });

  it('stays once it has a message, whether its turn runs or ended', async () => {
    const { registry } = bench;
    const [running, ended] = [await registry.create({}, ADA), await registry.create({}, ADA)];
    await running.accept(user('hi'), ADA);
    await ended.accept(user('hi'), ADA);
    bench.agents.at(-1)?.say(result());
    await pass(3 * TTL_MS);
    expect((await listed()).sort()).toEqual([running.id, ended.id].sort());
  });

  it('is also removed when it is in the storage only, as after a restart', async () => {
    const unused = await bench.registry.create({}, ADA);
    const used = await bench.registry.create({}, ADA);
    await used.accept(user('hi'), ADA);
    // Other servers of the storage: the sessions are not in their memory.
    await storage.records.update(used.id, 1, { lastActivityAt: new Date(0) });
    const other = createRegistry(storage, { emptySessionTtlMs: TTL_MS });
    await other.registry.lifecycle.start();
    await pass(TTL_MS + HOUR_MS);
    expect(await storage.records.get(unused.id)).toBeNull();
    expect(await storage.records.get(used.id)).not.toBeNull();
    await other.registry.lifecycle.shutdown();
  });
});

describe('a session in memory', () => {
  beforeEach(stopTime);
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is evicted when it is dormant without subscribers, and restored on request', async () => {
    const bench = createRegistry(undefined, {
      limits: { ...LIMITS, idleTimeoutMs: 1000 },
    });
    const { registry } = bench;
    const { id } = await registry.create({}, ADA);
    await pass(1000);
    expect(bench.living()).toBe(0);
    expect(registry.size).toBe(1);
    await pass(60_000);
    expect(registry.size).toBe(0);

    await registry.send(id, user('hi'), ADA);
    expect(registry.size).toBe(1);
    const session = await registry.get(id, ADA);
    expect((await session.read(0, 10)).events.map(({ name }) => name)).toEqual([
      'session_ready',
      'session_state',
      'user_message',
      'session_state',
      'turn_start',
    ]);
    await registry.lifecycle.shutdown();
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('the usage of an owner', () => {
  it('is removed by days after its retention, and without its session', async () => {
    stopTime();
    const storage = new MemoryStorage();
    const bench = createRegistry(storage, { usageRetentionMs: 48 * HOUR_MS });
    await bench.registry.lifecycle.start();
    const session = await bench.registry.create({}, ADA);
    await session.accept(user('hi'), ADA);
    await settle();
    bench.agents[0]?.say(result({ cost: 0.5 }));
    await settle();
    const usage = async () => (await bench.registry.usage(ADA, {})).usage;
    await pass(47 * HOUR_MS);
    expect(await usage()).toMatchObject([{ costUsd: 0.5, turns: 1 }]);
    await pass(26 * HOUR_MS);
    expect(await usage()).toEqual([]);
    expect((await bench.registry.info(session.id, ADA)).total_cost_usd).toBe(0.5);
    await bench.registry.lifecycle.shutdown();
    jest.useRealTimers();
  });
});
