import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SessionEngine } from '../../../src/agent-webkit/engine/registry/session-engine.js';
import type { SessionRegistryOptions } from '../../../src/agent-webkit/engine/registry/registry-parts.js';
import { StorageFaultError } from '../../../src/agent-webkit/engine/storage.js';
import { eventually } from '../../support/eventually.js';
import { HangingStorage } from '../../support/hanging-storage.js';
import { ADA, BOB, createRegistry } from '../../support/registry-bench.js';
import { LIMITS, user } from '../../support/session-bench.js';

const TIMEOUT_MS = 60;
/** The time of a call besides waiting for the storage, on a busy machine. */
const SLACK_MS = 1500;
const UNAVAILABLE = { code: 'storage_unavailable' };
const NOT_FOUND = { code: 'session_not_found' };

/** Checks that a call is rejected in time. */
async function expectUnavailable(call: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  await expect(call()).rejects.toMatchObject(UNAVAILABLE);
  expect(performance.now() - startedAt).toBeLessThan(TIMEOUT_MS + SLACK_MS);
}

/** Waits until a call succeeds. */
const works = (call: () => Promise<unknown>) =>
  eventually(() =>
    call().then(
      () => true,
      () => false,
    ),
  );

describe('an engine whose storage does not answer', () => {
  let storage: HangingStorage;
  let log: string[];
  let engines: SessionEngine[];
  let engine: SessionEngine;

  beforeEach(() => {
    storage = new HangingStorage();
    log = [];
    engines = [];
    engine = start();
  });
  afterEach(async () => {
    storage.repair();
    await Promise.all(engines.map((one) => one.stop()));
  });

  function start(options: Partial<SessionRegistryOptions> = {}): SessionEngine {
    const lines = log;
    const write = (message: string) => void lines.push(message);
    const logger = { log: write, warn: write, error: write };
    const limits = { ...LIMITS, storageTimeoutMs: TIMEOUT_MS };
    const { registry } = createRegistry(storage, { limits, logger, ...options });
    const started = new SessionEngine({ registry, storage, logger });
    engines.push(started);
    return started;
  }

  /** Restarts the server as after a SIGKILL: nothing is stored at the end. */
  function restart(): SessionEngine {
    engine = start();
    return engine;
  }

  const CALLS: Record<string, (id: string) => Promise<unknown>> = {
    create: () => engine.create({}, ADA),
    'create with a key': () => engine.create({}, ADA, 'key'),
    list: () => engine.list(ADA),
    info: (id) => engine.get(id, ADA).info(),
    send: (id) => engine.get(id, ADA).send(user('hi')),
    read: (id) => engine.get(id, ADA).read(),
    watch: (id) => engine.get(id, ADA).watch(),
    setMaxBudget: (id) => engine.get(id, ADA).setMaxBudget(1),
    close: (id) => engine.get(id, ADA).close(),
    "info of another caller's session": (id) => engine.get(id, BOB).info(),
  };

  describe.each(['lost', 'late', 'fails'] as const)('so that every call is %s', (fate) => {
    it.each(Object.keys(CALLS))('rejects %s in time, and works afterwards', async (name) => {
      const { id } = await engine.create({}, ADA);
      restart(); // the session is only in the storage
      storage.breakAll(fate);
      await expectUnavailable(() => CALLS[name]?.(id) ?? Promise.resolve());
      storage.repair();
      await works(() => engine.create({}, ADA, 'key'));
      await works(() => engine.list(ADA));
      if (name !== 'close') await works(() => engine.get(id, ADA).send(user('hi')));
    });

    it.each(['send', 'setMaxBudget', 'close', 'list'])(
      'rejects %s for a session in memory in time, and reads it',
      async (name) => {
        const { id } = await engine.create({}, ADA);
        storage.breakAll(fate);
        await expectUnavailable(() => CALLS[name]?.(id) ?? Promise.resolve());
        expect((await engine.get(id, ADA).info()).session_id).toBe(id);
        expect((await engine.get(id, ADA).read()).events).not.toHaveLength(0);
      },
    );
  });

  it('does not count the time of functions of the host', async () => {
    engine = start({ canAccess: () => delay(3 * TIMEOUT_MS, true) });
    const { id } = await engine.create({}, ADA);
    expect((await engine.get(id, BOB).info()).session_id).toBe(id);
  });

  it('finds the session of a late creation by its key, and deletes one without a key', async () => {
    storage.breakAll('late');
    const calls = [engine.create({}, ADA, 'key'), engine.create({}, ADA), engine.create({}, BOB)];
    await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject(UNAVAILABLE)));
    storage.repair();
    const { id } = await engine.create({}, ADA, 'key');
    expect((await engine.create({}, ADA, 'key')).id).toBe(id);
    await eventually(
      () => Promise.all([storage.records.count('ada'), storage.records.count('bob')]),
      (counts) => String(counts) === '1,0',
    );
    await eventually(
      () => engine.size,
      (size) => size === 1,
    );
    await restart().get(id, ADA).info();
  });

  it('creates nothing for requests that were rejected while they waited behind another one', async () => {
    storage.fates.set('create', 'late');
    const calls = Array.from({ length: 20 }, (_, index) => engine.create({}, ADA, `key ${index}`));
    await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject(UNAVAILABLE)));
    expect(storage.hung).toBe(1);
    storage.repair();
    await eventually(
      () => storage.records.count('ada'),
      (count) => count === 1,
    );
    await engine.create({}, ADA, 'key 7');
    expect(await storage.records.count('ada')).toBe(2);
  });

  it('lists sessions while one of them cannot be loaded', async () => {
    const { id } = await engine.create({}, ADA);
    restart();
    storage.fates.set('claim', 'late');
    await expectUnavailable(() => engine.get(id, ADA).info());
    expect((await engine.list(ADA)).sessions).toMatchObject([{ session_id: id, state: 'dormant' }]);
  });

  it('names a fault in the rejection, and its cause only in the log', async () => {
    const cause = new Error('ENOSPC: no space left on device, write /var/lib/db');
    storage.error = new StorageFaultError('The disk of the database is full.', { cause });
    storage.breakAll('fails');
    for (let count = 0; count < 5; count += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect(engine.list(ADA)).rejects.toMatchObject({
        ...UNAVAILABLE,
        message: 'The disk of the database is full. The operator of the server has to fix this.',
        retryAfterSeconds: null,
      });
    }
    expect(log.filter((line) => line.startsWith('Storage outage'))).toEqual([
      expect.stringContaining('ENOSPC: no space left on device, write /var/lib/db'),
    ]);
  });

  it('logs an outage once, however many requests and sessions it affects', async () => {
    const handles = await Promise.all(Array.from({ length: 10 }, () => engine.create({}, ADA)));
    storage.breakAll('fails');
    for (let round = 0; round < 3; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one round after the other
      await Promise.allSettled([
        ...handles.map((handle) => handle.send(user('hi'))),
        ...handles.map((handle) => handle.setMaxBudget(3)),
        engine.create({}, ADA),
        engine.list(ADA),
      ]);
    }
    expect(log).toEqual([expect.stringContaining('connect ECONNREFUSED 10.1.2.3:5432')]);
  });

  describe('while a session is deleted', () => {
    it('keeps the session until its deletion is stored, also for a restart', async () => {
      const handle = await engine.create({}, ADA);
      const { id } = handle;
      storage.breakAll('fails');
      await expectUnavailable(() => handle.close());
      expect((await handle.info()).state).not.toBe('closed');
      await expectUnavailable(() => handle.send(user('hi')));
      await expectUnavailable(() => handle.close());
      const killed = engine;
      storage.fates.set('append', 'lost');
      storage.fates.set('delete', 'lost');
      restart();
      storage.fates.set('*', 'runs');
      expect((await engine.get(id, ADA).info()).session_id).toBe(id);
      expect(killed).not.toBe(engine);
    });

    it('completes the deletion in the background, and tells subscribers', async () => {
      const handle = await engine.create({}, ADA);
      const events = await handle.watch();
      storage.breakAll('fails');
      await expectUnavailable(() => handle.close());
      const names: string[] = [];
      const watched = (async () => {
        for await (const { event } of events) names.push(event);
      })();
      storage.repair();
      await watched;
      expect(names.at(-1)).toBe('done');
      await expect(handle.info()).rejects.toMatchObject(NOT_FOUND);
      await eventually(
        () => storage.records.count('ada'),
        (count) => count === 0,
      );
      await eventually(
        () => engine.size,
        (size) => size === 0,
      );
      await expect(handle.close()).rejects.toMatchObject(NOT_FOUND);
    });

    it.each(['lost', 'fails'] as const)(
      'does not revive a session whose deletion is decided when the removal is %s',
      async (fate) => {
        const handle = await engine.create({}, ADA);
        storage.fates.set('delete', fate);
        await expectUnavailable(() => handle.close());
        await expect(handle.info()).rejects.toMatchObject(NOT_FOUND);
        expect((await engine.list(ADA)).sessions).toEqual([]);
        await expectUnavailable(() => handle.close()); // not gone yet
        restart();
        await expect(engine.get(handle.id, ADA).info()).rejects.toMatchObject(NOT_FOUND);
        storage.repair();
        await eventually(
          () => storage.records.count('ada'),
          (count) => count === 0,
        );
      },
    );

    it('is deleted by a retry of the client as soon as the storage is back', async () => {
      const handle = await engine.create({}, ADA);
      storage.fates.set('delete', 'fails');
      await expectUnavailable(() => handle.close());
      storage.repair();
      const outcome = await eventually(
        () =>
          handle.close().then(
            () => 204,
            ({ code }: { code: string }) => code,
          ),
        (answer) => answer !== 'storage_unavailable',
      );
      expect([204, 'session_not_found']).toContain(outcome);
      expect(await storage.records.count('ada')).toBe(0);
    });
  });
});
