import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { ADA, createRegistry } from '../../support/registry-bench.js';
import { settle, user } from '../../support/session-bench.js';
import { SlowStorage } from '../../support/slow-storage.js';

describe('a registry that is shut down', () => {
  it('accepts nothing new and ends all streams', async () => {
    const { registry, living } = createRegistry();
    const session = await registry.create({}, ADA);
    const subscription = session.subscribe(1, () => undefined);
    const down = registry.lifecycle.shutdown();
    await settle();
    expect(subscription.read(100)).toMatchObject({ events: [{ name: 'done' }] });
    expect(subscription.read(100)).toEqual({ kind: 'ended' });
    subscription.close();
    await down;
    const refused = { code: 'shutting_down' };
    await expect(registry.create({}, ADA)).rejects.toMatchObject(refused);
    await expect(registry.get(session.id, ADA)).rejects.toMatchObject(refused);
    await expect(registry.list(ADA, 10, null)).rejects.toMatchObject(refused);
    await expect(registry.send(session.id, user('hi'), ADA)).rejects.toMatchObject(refused);
    await expect(registry.delete(session.id, ADA)).rejects.toMatchObject(refused);
    expect(registry.lifecycle.shutdown()).toBe(down);
    expect(living()).toBe(0);
  });

  it('releases its sessions when the storage is durable', async () => {
    const storage = new SlowStorage();
    const before = createRegistry(storage);
    const { id } = await before.registry.create({}, ADA);
    await before.registry.send(id, user('runs'), ADA);
    await before.registry.send(id, user('waits', 'm2'), ADA);
    await before.registry.lifecycle.shutdown();
    const after = createRegistry(storage);
    const session = await after.registry.get(id, ADA);
    expect(session.state).toBe('running');
    await settle(8);
    expect(after.agents[0]?.inputs).toMatchObject([{ messageId: 'm2' }]);
    await after.registry.lifecycle.shutdown();
  });

  it('restores a session once for any number of concurrent requests', async () => {
    const storage = new SlowStorage();
    const before = createRegistry(storage);
    const { id } = await before.registry.create({}, ADA);
    await before.registry.lifecycle.shutdown();
    const { registry } = createRegistry(storage);
    const [first, second] = await Promise.all([registry.get(id, ADA), registry.get(id, ADA)]);
    expect(first).toBe(second);
    expect((await storage.records.get(id))?.epoch).toBe(first.epoch);
    expect(registry.size).toBe(1);
    await registry.lifecycle.shutdown();
  });

  it('waits for the agent of a session that it lost', async () => {
    const storage = new SlowStorage();
    const { registry, agents } = createRegistry(storage);
    const session = await registry.create({}, ADA);
    const events = new EventEmitter();
    Object.assign(agents[0] ?? {}, { closing: once(events, 'free') });
    // Another server takes the session over.
    await storage.records.claim(session.id);
    await expect(session.accept(user('hi'), { id: 'ada' })).rejects.toMatchObject({
      code: 'storage_unavailable',
    });
    expect(registry.size).toBe(0);
    let isDown = false;
    const down = registry.lifecycle.shutdown().then(() => (isDown = true));
    await settle();
    expect(isDown).toBe(false);
    events.emit('free');
    await down;
    expect(agents[0]?.isClosed).toBe(true);
  });

  it('stops although the storage takes no more events', async () => {
    const storage = new SlowStorage();
    const { registry, living } = createRegistry(storage);
    const { id } = await registry.create({}, ADA);
    await registry.send(id, user('hi'), ADA);
    for (const method of ['append', 'update', 'delete', 'get']) storage.broken.add(method);
    await registry.lifecycle.shutdown();
    expect(living()).toBe(0);
  });

  it('leaves no agent and no session, whatever calls are in progress', async () => {
    const call = fc.constantFrom('create', 'create', 'send', 'get', 'list', 'delete', 'turn');
    const calls = fc.array(call, { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        calls,
        calls,
        fc.boolean(),
        fc.nat(3),
        async (names, late, isDurable, delay) => {
          const memory = new MemoryStorage();
          const storage = new SlowStorage(memory, isDurable);
          // Some sessions were created by an earlier server, and are not in memory yet.
          const before = createRegistry(new SlowStorage(memory));
          const ids = await Promise.all(
            [1, 2].map(async () => (await before.registry.create({}, ADA)).id),
          );
          await before.registry.send(ids[0] ?? '', user('runs'), ADA);
          await before.registry.send(ids[0] ?? '', user('waits'), ADA);
          await before.registry.lifecycle.shutdown();
          const { registry, living } = createRegistry(storage);
          storage.delay = delay;
          const going: Promise<unknown>[] = [];
          const take = async (name: string, index: number) => {
            const id = ids[index % ids.length] ?? '';
            if (name === 'create') {
              going.push(registry.create({}, ADA).then((session) => ids.push(session.id)));
            }
            if (name === 'send') going.push(registry.send(id, user('hi'), ADA));
            if (name === 'get') going.push(registry.get(id, ADA));
            if (name === 'list') going.push(registry.list(ADA, 10, null));
            if (name === 'delete') going.push(registry.delete(id, ADA));
            if (name === 'turn') await settle(1);
          };
          // oxlint-disable-next-line no-await-in-loop -- calls come one after the other
          for (const [index, name] of names.entries()) await take(name, index);
          const down = registry.lifecycle.shutdown();
          // oxlint-disable-next-line no-await-in-loop -- calls come one after the other
          for (const [index, name] of late.entries()) await take(name, index);
          await down;
          expect(living()).toBe(0);
          await Promise.allSettled(going);
          await settle(8);
          expect(living()).toBe(0);
          expect(registry.size).toBe(0);
        },
      ),
      { numRuns: 150, interruptAfterTimeLimit: 20_000 },
    );
  });

  it('lets a start that has not finished end without an error', async () => {
    const { registry } = createRegistry();
    const started = registry.lifecycle.start();
    await registry.lifecycle.shutdown();
    await expect(started).resolves.toBeUndefined();
  });
});
