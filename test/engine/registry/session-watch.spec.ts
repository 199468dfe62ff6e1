import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { SessionHandle } from '../../../src/agent-webkit/engine/registry/session-handle.js';
import type { SessionWatch } from '../../../src/agent-webkit/engine/registry/session-watch.js';
import { SessionEngine } from '../../../src/agent-webkit/engine/registry/session-engine.js';
import type { DeliveredEvent } from '../../../src/agent-webkit/protocol/events.js';
import type { StorageProvider } from '../../../src/agent-webkit/engine/storage.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { ADA, BOB, createRegistry } from '../../support/registry-bench.js';
import { assistant, result, text } from '../../support/sdk-messages.js';
import { LIMITS, settle, stopTime, user } from '../../support/session-bench.js';
import { SlowStorage } from '../../support/slow-storage.js';

const logger = { log: () => undefined, warn: () => undefined, error: () => undefined };

/** The events of a watch, until it ends. */
async function collect(watch: SessionWatch): Promise<DeliveredEvent[]> {
  const events: DeliveredEvent[] = [];
  for await (const event of watch) events.push(event);
  return events;
}

const idsOf = (events: readonly DeliveredEvent[]) => events.map(({ id }) => id);
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('a watch', () => {
  let mayRead: boolean;
  let storage: StorageProvider;
  let bench: ReturnType<typeof createRegistry>;
  let engine: SessionEngine;
  let session: SessionHandle;
  const start = async (limits = LIMITS, accessCheckIntervalMs: number | null = null) => {
    bench = createRegistry(storage, {
      limits,
      accessCheckIntervalMs,
      canAccess: () => mayRead,
    });
    engine = new SessionEngine({ registry: bench.registry, storage, logger });
    session = await engine.create({}, ADA);
  };
  const subscribers = async () => (await session.info()).subscribers;
  beforeEach(() => {
    mayRead = true;
    storage = new SlowStorage();
    return start();
  });
  afterEach(() => engine.stop());

  it('delivers every event after the cursor once, and ends after the event done', async () => {
    await session.send(user('hi'));
    const [all, later] = [await session.watch(), await session.watch(1)];
    const collected = Promise.all([collect(all), collect(later)]);
    await bench.agents[0]?.received(1);
    bench.agents[0]?.say(assistant([text('hello')]), result());
    await settle();
    await session.close();
    const [events, rest] = await collected;
    expect(idsOf(events)).toEqual(upTo(events.length));
    expect(events.at(-1)?.event).toBe('done');
    expect(rest).toEqual(events.slice(1));
  });

  it('delivers a burst that is longer than what the log keeps', async () => {
    storage = new MemoryStorage();
    await start({ ...LIMITS, maxEvents: 5 });
    const collected = collect(await session.watch());
    await session.send(user('hi'));
    const agent = bench.agents.at(-1);
    await agent?.received(1);
    agent?.say(...Array.from({ length: 50 }, () => assistant([text('burst')])), result());
    await settle(200);
    await session.close();
    const ids = idsOf(await collected);
    expect(ids).toEqual(upTo(ids.length));
    expect(ids.length).toBeGreaterThan(50);
  });

  it('throws when the consumer is so slow that the next event is no longer kept', async () => {
    await start({ ...LIMITS, maxEvents: 5 });
    const watch = await session.watch();
    await session.send(user('x'.repeat(70_000)));
    await settle();
    for (const agent of bench.agents.slice(-1)) {
      agent.say(...Array.from({ length: 50 }, () => assistant([text('burst')])), result());
    }
    await settle(200);
    await expect(collect(watch)).rejects.toMatchObject({ code: 'cursor_evicted' });
  });

  it('counts as a subscriber until it is closed, in each of the possible ways', async () => {
    const aborted = new AbortController();
    const watches = [
      await session.watch(),
      await session.watch(),
      await session.watch(0, { signal: aborted.signal }),
    ];
    expect(await subscribers()).toBe(3);
    for await (const event of watches[0] ?? []) {
      expect(event.event).toBe('session_ready');
      break;
    }
    watches[1]?.close();
    aborted.abort();
    expect(await subscribers()).toBe(0);
    expect(await Promise.all(watches.map((watch) => watch.next()))).toEqual(
      upTo(3).map(() => ({ done: true, value: undefined })),
    );
    const closed = await session.watch(0, { signal: AbortSignal.abort() });
    expect(await collect(closed)).toEqual([]);
    expect(await subscribers()).toBe(0);
  });

  it('ends the wait for an event when it is closed meanwhile', async () => {
    const watch = await session.watch(1);
    const next = watch.next();
    await settle();
    watch.close();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('is rejected as a stream is: for a cursor that is ahead, and above the limit of subscribers', async () => {
    await start({ ...LIMITS, maxSubscribers: 1 });
    await expect(session.watch(9)).rejects.toMatchObject({ code: 'cursor_ahead' });
    const watch = await session.watch();
    await expect(session.watch()).rejects.toMatchObject({ code: 'too_many_subscribers' });
    watch.close();
  });

  it('throws when another server takes the session over', async () => {
    const watch = await session.watch(1);
    const next = watch.next();
    await storage.records.claim(session.id);
    await expect(session.send(user('hi'))).rejects.toMatchObject({ code: 'storage_unavailable' });
    await expect(next).rejects.toMatchObject({ name: 'FencedError' });
  });

  it('throws when the server stops, and the next one delivers the rest', async () => {
    const watch = await session.watch(1);
    const next = watch.next();
    await engine.stop();
    await expect(next).rejects.toMatchObject({ code: 'shutting_down' });
    const later = createRegistry(storage);
    engine = new SessionEngine({ registry: later.registry, storage, logger });
    const again = await engine.get(session.id, ADA).watch(1);
    await engine.get(session.id, ADA).send(user('hi'));
    expect((await again.next()).value).toMatchObject({ event: 'user_message' });
    again.close();
  });

  it('delivers the events of a session that returns to this server after another one owned it', async () => {
    const watch = await session.watch(1);
    const next = watch.next();
    const other = createRegistry(storage);
    await other.registry.send(session.id, user('elsewhere'), ADA);
    await settle();
    const { last_id } = (await other.registry.get(session.id, ADA)).info();
    await other.registry.lifecycle.shutdown();
    // A cursor ahead of the events in memory makes this server check its ownership.
    expect((await session.read(last_id)).last_id).toBeGreaterThanOrEqual(last_id);
    expect((await next).value).toMatchObject({ event: 'user_message' });
    watch.close();
    expect(await subscribers()).toBe(0);
  });

  describe('of another caller’s session', () => {
    beforeEach(stopTime);
    afterEach(() => void jest.useRealTimers());

    it('throws when the caller loses access, and delivers nothing more', async () => {
      await start(LIMITS, 1000);
      const watch = await engine.get(session.id, BOB).watch();
      expect((await watch.next()).value).toMatchObject({ id: 1 });
      await jest.advanceTimersByTimeAsync(5000);
      const refused = expect(watch.next()).rejects.toMatchObject({ code: 'session_not_found' });
      mayRead = false;
      await jest.advanceTimersByTimeAsync(1000);
      await refused;
      expect(await subscribers()).toBe(0);
      expect(jest.getTimerCount()).toBe(0);
    });

    it('delivers the event done although the access check comes while the session is being deleted', async () => {
      const slow = new SlowStorage();
      storage = slow;
      await start(LIMITS, 1000);
      const watch = await engine.get(session.id, BOB).watch(1);
      const collected = collect(watch);
      slow.delays.set('append', 50);
      const closed = session.close();
      await settle();
      await jest.advanceTimersByTimeAsync(1000);
      await closed;
      expect((await collected).map(({ event }) => event)).toEqual(['done']);
    });
  });
});
