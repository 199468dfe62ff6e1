import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { agentOf, type BenchServer, ClusterBench } from '../../support/cluster-bench.js';
import { eventually } from '../../support/eventually.js';
import { ADA } from '../../support/registry-bench.js';
import { user } from '../../support/session-bench.js';

describe('a server that an operator drains', () => {
  let bench: ClusterBench;
  let first: BenchServer;
  let second: BenchServer;
  beforeEach(async () => {
    bench = new ClusterBench();
    const [one, other] = await bench.startAll(2);
    if (!one || !other) throw new Error('There are no servers.');
    [first, second] = [one, other];
  });
  afterEach(() => bench.close());

  const drain = () => first.registry.serverAdmin.drain('self');

  it('gives a session away although the storage fails at first, and serves it until then', async () => {
    const { id } = await first.registry.create({}, ADA);
    const unused = await first.registry.create({}, ADA);
    const { cluster } = first.storage;
    const release = cluster.release.bind(cluster);
    let isAway = true;
    cluster.release = (...given) =>
      isAway ? Promise.reject(new Error('away')) : release(...given);
    await drain();
    await eventually(() => first.registry.size === 0);
    expect(bench.cluster.owners.get(id)).toBe(first.address);

    // Accepted at both servers, although only the first may have it.
    await first.registry.send(id, user('one', 'b0e1f6c5-3f7a-4f2b-9a55-0c1f6a3f3d01'), ADA);
    await bench.introduce();
    await second.registry.send(id, user('two', 'b0e1f6c5-3f7a-4f2b-9a55-0c1f6a3f3d02'), ADA);
    expect((await bench.data(id, 'user_message')).map(({ content }) => content)).toEqual([
      'one',
      'two',
    ]);
    isAway = false;
    await eventually(async () => {
      await second.registry.lifecycle.renewLease();
      return bench.cluster.owners.get(id) === second.address;
    });
    expect((await (await agentOf(second)).received(1)).content).toBe('one');
    await eventually(() => !bench.cluster.owners.has(unused.id));
  });

  it('needs another one that can start agents', async () => {
    const [full] = await bench.startAll(1, {
      assertAgents: () => {
        throw new Error('There is no sandbox.');
      },
    });
    await second.registry.lifecycle.shutdown();
    await bench.introduce();
    expect(full && bench.cluster.isValid(full.address)).toBe(true);
    await expect(drain()).rejects.toMatchObject({ code: 'no_other_server' });
    expect(first.registry.lifecycle.isDraining).toBe(false);
  });

  it('answers for another one as that one says', async () => {
    await bench.introduce();
    expect(await second.registry.serverAdmin.drain(first.address)).toMatchObject({
      address: first.address,
      state: 'draining',
      current: false,
    });
    expect(await second.registry.serverAdmin.resume(first.address)).toMatchObject({
      state: 'active',
    });
    const stopping = first.registry.lifecycle.drain();
    await expect(second.registry.serverAdmin.resume(first.address)).rejects.toMatchObject({
      code: 'shutting_down',
    });
    await expect(first.registry.serverAdmin.drain('self')).rejects.toMatchObject({
      code: 'shutting_down',
    });
    await stopping;
  });
});
