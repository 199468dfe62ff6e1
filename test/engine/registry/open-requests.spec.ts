import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { agentOf, type BenchServer, ClusterBench } from '../../support/cluster-bench.js';
import { eventually } from '../../support/eventually.js';
import { ADA, createRegistry } from '../../support/registry-bench.js';
import { user } from '../../support/session-bench.js';

const listedAt = async ({ registry }: Pick<BenchServer, 'registry'>) =>
  (await registry.requests(ADA, 50, null)).requests;

describe('the open requests of sessions that other servers run', () => {
  let bench: ClusterBench;
  let a: BenchServer;
  let b: BenchServer;
  beforeEach(async () => {
    bench = new ClusterBench();
    [a, b] = (await bench.startAll(2)) as [BenchServer, BenchServer];
  });
  afterEach(() => bench.close());

  /** Opens a request in a session of the first server. */
  async function ask(): Promise<string> {
    const { id } = await a.registry.create({}, ADA);
    await a.registry.send(id, user('runs'), ADA);
    const agent = await agentOf(a);
    await agent.received(1);
    void agent.ask('Bash', { command: 'ls' }, { toolUseID: 'toolu_1' });
    await eventually(async () => (await a.registry.info(id, ADA)).pending.length === 1);
    return id;
  }

  it('are listed by each server, which loads no session', async () => {
    const id = await ask();
    const listed = await listedAt(b);
    expect(listed).toMatchObject([{ session_id: id, correlation_id: 'toolu_1' }]);
    expect(listed).toEqual(await listedAt(a));
    expect(b.registry.size).toBe(0);
    expect(b.storage.calls).not.toContain('records.claim');
    expect(b.storage.calls).not.toContain('records.list');
    expect(b.storage.calls).not.toContain('events.read');
  });

  it('are listed until they are cancelled, when their server is gone', async () => {
    const id = await ask();
    bench.kill(a);
    await eventually(async () => (await bench.names(id)).includes('request_resolved'));
    expect(await bench.data(id, 'request_resolved')).toMatchObject([{ outcome: 'cancelled' }]);
    expect(await listedAt(b)).toEqual([]);
  });

  it('are not listed by a server that is stopping', async () => {
    await b.registry.lifecycle.shutdown();
    await expect(listedAt(b)).rejects.toThrow('shutting down');
  });
});

it('the requests of a session are not listed once its deletion is decided', async () => {
  const storage = new MemoryStorage();
  const server = createRegistry(storage);
  const { registry, agents } = server;
  const { id } = await registry.create({}, ADA);
  await registry.send(id, user('runs'), ADA);
  await eventually(() => agents.length === 1);
  void agents[0]?.ask('Bash', { command: 'ls' }, { toolUseID: 'toolu_1' });
  await eventually(async () => (await listedAt(server)).length === 1);
  storage.records.delete = () => new Promise(() => undefined); // what is left is not removed yet
  registry.delete(id, ADA).catch(() => undefined);
  await eventually(async () => (await storage.events.read(id, 0, 1000)).at(-1)?.name === 'done');
  expect(await listedAt(server)).toEqual([]);
  await registry.lifecycle.shutdown();
});
