import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { agentOf, type BenchServer, ClusterBench } from '../../support/cluster-bench.js';
import { eventually } from '../../support/eventually.js';
import { ADA } from '../../support/registry-bench.js';
import { result } from '../../support/sdk-messages.js';
import { settle, user } from '../../support/session-bench.js';

const BUSY = { code: 'agents_busy' };

describe('the agents of a fleet', () => {
  let bench: ClusterBench;
  beforeEach(() => {
    bench = new ClusterBench();
  });
  afterEach(() => bench.close());

  /** Makes the only agent of a server work. */
  async function fill(server: BenchServer): Promise<string> {
    const { id } = await server.registry.create({}, ADA);
    await server.registry.send(id, user('work'), ADA);
    await (await agentOf(server)).received(1);
    await bench.introduce();
    return id;
  }

  it('start on a server with room when the one that received the message is full', async () => {
    const [a, b] = (await bench.startAll(2, { maxAgents: 1 })) as [BenchServer, BenchServer];
    await fill(a);
    const { id } = await a.registry.create({}, ADA); // without an agent
    await a.registry.send(id, user('elsewhere'), ADA);
    expect(await (await agentOf(b)).received(1)).toMatchObject({ content: 'elsewhere' });
    expect(bench.cluster.owners.get(id)).toBe(b.address);
    expect(a.agents).toHaveLength(1);
  });

  it('start on the server with most room, for a session that runs on none', async () => {
    const [a] = (await bench.startAll(1, { maxAgents: 1 })) as [BenchServer];
    const [b] = (await bench.startAll(1, { maxAgents: 2 })) as [BenchServer];
    const [c] = (await bench.startAll(1, { maxAgents: 5 })) as [BenchServer];
    const { id } = await b.registry.create({}, ADA);
    bench.cluster.owners.delete(id);
    await (await b.registry.get(id, ADA)).stopIdleAgent();
    await fill(a);
    bench.cluster.owners.delete(id);
    await a.registry.send(id, user('hi'), ADA);
    expect(await (await agentOf(c)).received(1)).toMatchObject({ content: 'hi' });
    expect(b.agents).toHaveLength(1);
  });

  it.each(['its own server', 'another server'])(
    'start elsewhere for a session that its full server does not have in memory, by a message to %s',
    async (receiver) => {
      const [a, b, c] = (await bench.startAll(3, { maxAgents: 1 })) as [
        BenchServer,
        BenchServer,
        BenchServer,
      ];
      const { id } = await c.registry.create({}, ADA);
      await c.registry.lifecycle.shutdown();
      // Its release was not answered.
      bench.cluster.owners.set(id, a.address);
      await fill(a);
      const server = receiver === 'its own server' ? a : b;
      await server.registry.send(id, user('elsewhere'), ADA);
      expect(await (await agentOf(b)).received(1)).toMatchObject({ content: 'elsewhere' });
    },
  );

  it('are busy only when the whole fleet is full', async () => {
    const [a, b] = (await bench.startAll(2, { maxAgents: 1 })) as [BenchServer, BenchServer];
    await fill(a);
    await fill(b);
    const { id } = await a.registry.create({}, ADA);
    await expect(a.registry.send(id, user('hi'), ADA)).rejects.toMatchObject(BUSY);
    await expect(b.registry.send(id, user('hi'), ADA)).rejects.toMatchObject(BUSY);
    expect(await bench.data(id, 'user_message')).toEqual([]);
    const agent = await agentOf(b);
    agent.say(result());
    await eventually(() =>
      b.registry.get(id, ADA).then(
        () => true,
        () => true,
      ),
    );
    await eventually(async () => {
      await bench.introduce();
      return a.registry.send(id, user('now'), ADA).then(
        () => true,
        () => false,
      );
    });
    expect(bench.cluster.owners.get(id)).toBe(b.address);
  });

  it('are not busy any more at the moment when a turn on another server ends', async () => {
    // No renewal tells it by chance.
    bench = new ClusterBench(600_000);
    const [a, b] = (await bench.startAll(2, { maxAgents: 1 })) as [BenchServer, BenchServer];
    await fill(a);
    const running = await fill(b);
    await bench.introduce();
    const { id } = await a.registry.create({}, ADA);
    await expect(a.registry.send(id, user('hi'), ADA)).rejects.toMatchObject(BUSY);
    (await agentOf(b)).say(result());
    await eventually(async () => (await bench.data(running, 'result')).length === 1);
    await a.registry.send(id, user('now'), ADA);
    expect(await (await agentOf(b, 2)).received(1)).toMatchObject({ content: 'now' });
  });

  it('are not taken for full by a server that does not know better', async () => {
    const [a, b, c] = (await bench.startAll(3, { maxAgents: 1 })) as [
      BenchServer,
      BenchServer,
      BenchServer,
    ];
    await fill(a);
    // b is full as well, which a and c do not know yet.
    const { id: other } = await b.registry.create({}, ADA);
    await b.registry.send(other, user('work'), ADA);
    await (await agentOf(b)).received(1);
    const { id } = await a.registry.create({}, ADA);
    await a.registry.send(id, user('hi'), ADA);
    expect(await (await agentOf(c)).received(1)).toMatchObject({ content: 'hi' });
    const asked = bench.cluster.sent.filter(({ address }) => address === b.address);
    expect(asked.length).toBeLessThanOrEqual(1);
  });

  it('go on with the sessions of a server that is gone where there is room', async () => {
    const [a, b, c] = (await bench.startAll(3, { maxAgents: 1 })) as [
      BenchServer,
      BenchServer,
      BenchServer,
    ];
    await fill(b);
    const id = await fill(a);
    await a.registry.send(id, user('waits'), ADA);
    bench.kill(a);
    expect(await (await agentOf(c)).received(1)).toMatchObject({ content: 'waits' });
    await settle();
    expect(b.agents).toHaveLength(1);
  });
});

describe('the sessions of one owner, on several servers', () => {
  let bench: ClusterBench;
  beforeEach(() => {
    bench = new ClusterBench();
  });
  afterEach(() => bench.close());

  it('are not created faster than one server would permit', async () => {
    const [a, b] = (await bench.startAll(2, { maxCreationsPerMinute: 3 })) as [
      BenchServer,
      BenchServer,
    ];
    await a.registry.createId({}, ADA);
    await b.registry.createId({}, ADA);
    await a.registry.createId({}, ADA);
    await expect(b.registry.createId({}, ADA)).rejects.toMatchObject({
      code: 'too_many_creations',
      retryAfterSeconds: 60,
    });
  });

  it('are never more than permitted, also when they are created at once', async () => {
    const [a, b] = (await bench.startAll(2, { maxSessionsPerOwner: 3 })) as [
      BenchServer,
      BenchServer,
    ];
    const created = await Promise.allSettled(
      Array.from({ length: 12 }, (_, n) => (n % 2 ? a : b).registry.createId({}, ADA)),
    );
    const refused = created.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThanOrEqual(9);
    for (const one of refused) expect(one).toMatchObject({ reason: { code: 'too_many_sessions' } });
    await eventually(async () => (await bench.cluster.storage.records.count('ada')) <= 3);
  });

  it('are one for one idempotency key', async () => {
    const [a, b] = (await bench.startAll(2)) as [BenchServer, BenchServer];
    const ids = await Promise.all([
      a.registry.createId({}, ADA, 'key'),
      b.registry.createId({}, ADA, 'key'),
    ]);
    expect(new Set(ids).size).toBe(1);
    expect(await b.registry.createId({}, ADA, 'key')).toBe(ids[0]);
  });
});
