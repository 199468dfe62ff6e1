import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Session } from '../../../src/agent-webkit/engine/session/session.js';
import type { ListPosition } from '../../../src/agent-webkit/engine/registry/session-page.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { ADA, BOB, createRegistry } from '../../support/registry-bench.js';
import { settle, user } from '../../support/session-bench.js';
import { SlowStorage } from '../../support/slow-storage.js';

const ids = (sessions: Session[]) => sessions.map(({ id }) => id);
const NOT_FOUND = { code: 'session_not_found' };

describe.each([
  ['a storage in memory', () => new MemoryStorage()],
  ['a slow storage', () => new SlowStorage()],
])('a registry on %s', (_, createStorage) => {
  let bench: ReturnType<typeof createRegistry>;
  let storage: MemoryStorage | SlowStorage;
  beforeEach(() => {
    storage = createStorage();
    bench = createRegistry(storage);
  });
  afterEach(async () => {
    await bench.registry.lifecycle.shutdown();
    expect(bench.registry.size).toBe(0);
    expect(bench.living()).toBe(0);
  });

  it('returns a session to its owner only, as if it did not exist for other callers', async () => {
    const { registry } = bench;
    const { id } = await registry.create({}, ADA);
    expect((await registry.get(id, ADA)).id).toBe(id);
    await expect(registry.get(id, BOB)).rejects.toMatchObject(NOT_FOUND);
    await expect(registry.get('no such id', ADA)).rejects.toMatchObject(NOT_FOUND);
    await expect(registry.send(id, user('hi'), BOB)).rejects.toMatchObject(NOT_FOUND);
    await expect(registry.delete(id, BOB)).rejects.toMatchObject(NOT_FOUND);
    expect((await registry.list(BOB, 10, null)).sessions).toEqual([]);
    const mode = { type: 'set_permission_mode', mode: 'bypassPermissions' } as const;
    await expect(registry.send(id, mode, BOB)).rejects.toMatchObject(NOT_FOUND);
    await expect(registry.send(id, mode, ADA)).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('creates one session for one key, and one for each caller', async () => {
    const { registry } = bench;
    const created = await Promise.all([
      registry.create({}, ADA, 'key'),
      registry.create({}, ADA, 'key'),
      registry.create({}, BOB, 'key'),
      registry.create({}, ADA),
    ]);
    expect(created[0].id).toBe(created[1].id);
    expect(new Set(ids(created)).size).toBe(3);
    expect((await registry.create({}, ADA, 'key')).id).toBe(created[0].id);
    expect(bench.agents).toHaveLength(3);
  });

  it('creates a session for a key whose first attempt was rejected', async () => {
    const { registry } = bench;
    const wish = { cwd: '/etc' };
    await expect(registry.create(wish, ADA, 'key')).rejects.toMatchObject({ code: 'forbidden' });
    expect((await registry.create({}, ADA, 'key')).owner).toBe('ada');
  });

  it('limits the sessions of one owner, also for concurrent creations', async () => {
    bench = createRegistry(storage, { maxSessionsPerOwner: 3 });
    const { registry } = bench;
    const wishes = Array.from({ length: 8 }, () => registry.create({}, ADA));
    const settled = await Promise.allSettled([...wishes, registry.create({}, BOB)]);
    const refused = settled.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(5);
    for (const one of refused) {
      expect(one).toMatchObject({ reason: { code: 'too_many_sessions', retryAfterSeconds: 60 } });
    }
    expect(await storage.records.count('ada')).toBe(3);
    const [first] = (await registry.list(ADA, 10, null)).sessions;
    await registry.delete(first?.session_id ?? '', ADA);
    await registry.create({}, ADA);
    await expect(registry.create({}, ADA)).rejects.toMatchObject({ code: 'too_many_sessions' });
  });

  it('removes a deleted session and stops its agent', async () => {
    const { registry } = bench;
    const session = await registry.create({}, ADA);
    await registry.send(session.id, user('hi'), ADA);
    await registry.delete(session.id, ADA);
    await settle();
    expect(registry.size).toBe(0);
    expect(bench.living()).toBe(0);
    expect(await storage.records.get(session.id)).toBeNull();
    expect(await storage.events.read(session.id, 0, 10)).toEqual([]);
    await expect(registry.get(session.id, ADA)).rejects.toMatchObject(NOT_FOUND);
    await expect(registry.send(session.id, user('hi'), ADA)).rejects.toMatchObject(NOT_FOUND);
    await expect(registry.delete(session.id, ADA)).rejects.toMatchObject(NOT_FOUND);
  });

  it('deletes a session whose first deletion the storage did not accept', async () => {
    const { registry } = bench;
    const session = await registry.create({}, ADA);
    const { records } = storage;
    const remove = records.delete.bind(records);
    records.delete = () => Promise.reject(new Error('The disk is full.'));
    const refused = registry.delete(session.id, ADA);
    await expect(refused).rejects.toMatchObject({ code: 'storage_unavailable' });
    records.delete = remove;
    await expect(registry.delete(session.id, BOB)).rejects.toMatchObject(NOT_FOUND);
    await registry.delete(session.id, ADA);
    expect(await records.get(session.id)).toBeNull();
  });

  it('publishes done once when a session is deleted twice at once', async () => {
    const { registry } = bench;
    const session = await registry.create({}, ADA);
    await Promise.all([registry.delete(session.id, ADA), registry.delete(session.id, ADA)]);
    expect((await session.read(0, 10)).events.map(({ name }) => name)).toEqual([
      'session_ready',
      'done',
    ]);
  });

  it('lists all sessions once over its pages, also those with the same time', async () => {
    const { registry } = bench;
    const created = await Promise.all(Array.from({ length: 7 }, () => registry.create({}, ADA)));
    const times = [5, 5, 5, 5, 9, 1, 5].map((second) => new Date(second * 1000));
    await Promise.all(
      created.map(({ id }, index) =>
        storage.records.update(id, 1, { lastActivityAt: times[index] ?? new Date(0) }),
      ),
    );
    for (const size of [1, 2, 3, 7, 8]) {
      const listed: string[] = [];
      let after: ListPosition | null = null;
      do {
        // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
        const page: Awaited<ReturnType<typeof registry.list>> = await registry.list(
          ADA,
          size,
          after,
        );
        expect(page.sessions.length).toBeLessThanOrEqual(size);
        listed.push(...page.sessions.map(({ session_id }) => session_id));
        after = page.next;
      } while (after);
      expect([...listed].sort()).toEqual(ids(created).sort());
      expect(listed[0]).toBe(created[4]?.id);
      expect(listed[6]).toBe(created[5]?.id);
    }
  });

  it('finds a session that is being created, and starts one agent for it', async () => {
    if (storage instanceof SlowStorage) storage.delays.set('create', 8);
    const { registry } = bench;
    const looks: Promise<unknown>[] = [];
    const creating = registry.create({}, ADA);
    for (let turn = 0; turn < 20; turn += 1) {
      looks.push(registry.list(ADA, 10, null));
      // oxlint-disable-next-line no-await-in-loop -- checks again in each turn of the loop
      await settle(1);
    }
    await Promise.all(looks);
    const session = await creating;
    expect(session.state).toBe('idle');
    expect(await registry.get(session.id, ADA)).toBe(session);
    expect(registry.size).toBe(1);
    expect((await storage.records.get(session.id))?.epoch).toBe(1);
    expect(bench.agents).toHaveLength(1);
  });
});
