import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AccessAction, CanAccess } from '../../../src/agent-webkit/engine/registry/access.js';
import { SessionEngine } from '../../../src/agent-webkit/engine/registry/session-engine.js';
import type { SessionHandle } from '../../../src/agent-webkit/engine/registry/session-handle.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { ADA, BOB, createRegistry } from '../../support/registry-bench.js';
import { LIMITS, settle, stopTime, user } from '../../support/session-bench.js';
import { SlowStorage } from '../../support/slow-storage.js';

const NOT_FOUND = { code: 'session_not_found' };
const FORBIDDEN = { code: 'forbidden' };
const logger = { log: () => undefined, warn: () => undefined, error: () => undefined };

const CALLS: [string, AccessAction, (session: SessionHandle) => Promise<unknown>][] = [
  ['info', 'read', (session) => session.info()],
  ['read', 'read', (session) => session.read()],
  ['watch', 'read', async (session) => (await session.watch()).close()],
  ['send', 'send', (session) => session.send(user('hi'))],
  ['close', 'delete', (session) => session.close()],
];

describe('a session handle', () => {
  let rights: AccessAction[];
  let storage: SlowStorage;
  let bench: ReturnType<typeof createRegistry>;
  let engine: SessionEngine;
  beforeEach(() => {
    rights = [];
    storage = new SlowStorage();
    const canAccess: CanAccess = (_, __, action) => rights.includes(action);
    bench = createRegistry(storage, { canAccess });
    engine = new SessionEngine({ registry: bench.registry, storage, logger });
  });
  afterEach(() => engine.stop());

  it('behaves as the routes do for the owner of the session', async () => {
    const session = await engine.create({}, ADA);
    await session.send(user('hi'));
    await settle();
    expect(await session.info()).toMatchObject({ session_id: session.id, state: 'running' });
    const { events, last_id, has_more } = await session.read(1, 1);
    expect(events).toMatchObject([{ id: 2, event: 'user_message' }]);
    expect([last_id, has_more]).toEqual([3, true]);
    await session.close();
    expect(await storage.records.get(session.id)).toBeNull();
  });

  it.each(CALLS)('rejects %s from a caller who may not %s', async (_, action, call) => {
    const { id } = await engine.create({}, ADA);
    const session = engine.get(id, BOB);
    await expect(call(session)).rejects.toMatchObject(NOT_FOUND);
    if (action !== 'read') {
      rights = ['read'];
      await expect(call(session)).rejects.toMatchObject(FORBIDDEN);
    }
    rights = [action];
    await call(session);
  });

  it.each(CALLS)('rejects %s as soon as the caller may no longer %s', async (_, action, call) => {
    const { id } = await engine.create({}, ADA);
    rights = [action];
    const session = engine.get(id, BOB);
    if (action !== 'delete') await call(session);
    rights = [];
    await expect(call(session)).rejects.toMatchObject(NOT_FOUND);
  });

  it.each(CALLS)('rejects %s for a session that was deleted', async (_, __, call) => {
    const session = await engine.create({}, ADA);
    await engine.get(session.id, ADA).close();
    await expect(call(session)).rejects.toMatchObject(NOT_FOUND);
  });

  describe('of a session that has left memory', () => {
    beforeEach(stopTime);
    afterEach(() => void jest.useRealTimers());

    it.each(CALLS)('loads the session for %s', async (_, __, call) => {
      bench = createRegistry(storage, { limits: { ...LIMITS, idleTimeoutMs: 1000 } });
      engine = new SessionEngine({ registry: bench.registry, storage, logger });
      const session = await engine.create({}, ADA);
      await jest.advanceTimersByTimeAsync(1000);
      await settle();
      await jest.advanceTimersByTimeAsync(60_000);
      await settle();
      expect(engine.size).toBe(0);
      await call(session);
      expect((await storage.records.get(session.id))?.epoch).not.toBe(1);
    });
  });

  it('rejects everything once the engine has stopped', async () => {
    const session = await engine.create({}, ADA);
    await engine.stop();
    await Promise.all(
      CALLS.map(([, , call]) =>
        expect(call(session)).rejects.toMatchObject({ code: 'shutting_down' }),
      ),
    );
  });

  it('sends a message with one lookup of the session and one access check', async () => {
    const canAccess = jest.fn<CanAccess>().mockReturnValue(true);
    const memory = new MemoryStorage();
    bench = createRegistry(memory, { canAccess });
    engine = new SessionEngine({ registry: bench.registry, storage: memory, logger });
    const { id } = await engine.create({}, ADA);
    const lookedUp = jest.spyOn(memory.records, 'get');
    await engine.get(id, BOB).send(user('hi'));
    expect(lookedUp).toHaveBeenCalledTimes(1);
    expect(canAccess.mock.calls.map(([, , action]) => action)).toEqual(['send']);
  });

  it('rejects a message when the sender loses access while its folders are checked', async () => {
    const { id } = await engine.create({}, ADA);
    rights = ['answer'];
    const sent = engine.get(id, BOB).send({
      type: 'permission_response',
      correlation_id: 'c',
      behavior: 'allow',
      updated_permissions: [{ type: 'addDirectories', directories: ['.'], destination: 'session' }],
    });
    rights = [];
    await expect(sent).rejects.toMatchObject(NOT_FOUND);
  });

  it('rejects cursors and page sizes that the routes reject', async () => {
    const session = await engine.create({}, ADA);
    const invalid = { code: 'invalid_request' };
    for (const after of [-1, 0.5, Number.NaN]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect(session.read(after)).rejects.toMatchObject(invalid);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect(session.watch(after)).rejects.toMatchObject(invalid);
    }
    await expect(session.read(0, 0)).rejects.toMatchObject(invalid);
    await expect(session.read(0, 1001)).rejects.toMatchObject(invalid);
    await expect(engine.list(ADA, 101)).rejects.toMatchObject(invalid);
    expect((await engine.list(ADA, 1)).sessions).toEqual([await session.info()]);
  });

  it('returns the session of the first call for one idempotency key', async () => {
    const first = await engine.create({}, ADA, 'key');
    expect((await engine.create({}, ADA, 'key')).id).toBe(first.id);
    await first.send(user('hi'), 'message-key');
    await first.send(user('hi again'), 'message-key');
    await settle();
    const { events } = await first.read();
    expect(events.filter(({ event }) => event === 'user_message')).toHaveLength(1);
  });

  it('changes the budget of a session', async () => {
    const session = await engine.create({}, ADA);
    await session.setMaxBudget(0.5);
    expect((await storage.records.get(session.id))?.config.maxBudgetUsd).toBe(0.5);
    for (const usd of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect(session.setMaxBudget(usd)).rejects.toMatchObject({ code: 'invalid_request' });
    }
    const others = engine.get(session.id, { id: 'someone else' });
    await expect(others.setMaxBudget(5)).rejects.toMatchObject({ code: 'session_not_found' });
  });

  it('opens a storage once and closes it once', async () => {
    const opened = jest.fn<() => Promise<void>>().mockResolvedValue();
    const closed = jest.fn<() => Promise<void>>().mockResolvedValue();
    const own = Object.assign(new MemoryStorage(), { open: opened, close: closed });
    const { registry } = createRegistry(own);
    const one = new SessionEngine({ registry, storage: own, logger });
    await one.open();
    await one.start();
    await one.start();
    await Promise.all([one.stop(), one.stop()]);
    expect(opened).toHaveBeenCalledTimes(1);
    expect(closed).toHaveBeenCalledTimes(1);
  });
});
