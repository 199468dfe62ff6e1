import { afterEach, describe, expect, it } from '@jest/globals';
import { SessionHandle } from '../../../src/agent-webkit/engine/registry/session-handle.js';
import { type BenchServer, ClusterBench } from '../../support/cluster-bench.js';
import { eventually } from '../../support/eventually.js';
import { ADA } from '../../support/registry-bench.js';

let bench: ClusterBench;

afterEach(() => bench.close());

describe('whoever repeats what servers have sent each other', () => {
  it('keeps no session from being removed', async () => {
    bench = new ClusterBench();
    const [reader] = (await bench.startAll(1)) as [BenchServer];
    const [owner] = (await bench.startAll(1, { retentionMs: 100 })) as [BenchServer];
    const { id } = await owner.registry.create({}, ADA);
    const watch = await new SessionHandle(reader.registry, id, ADA).watch(0);
    await watch.next();
    watch.close();
    const sent = bench.cluster.sent.filter(({ address }) => address === owner.address);
    expect(sent).toHaveLength(2); // that the reader follows, and that it does not any more
    const [follow] = sent;
    const repeat = () =>
      bench.cluster.receivers.get(owner.address)?.onMessage(follow?.message ?? '');
    const stored = () => bench.cluster.storage.records.get(id);
    const repeating = setInterval(repeat, 10);
    repeat();
    await owner.registry.lifecycle.start();
    try {
      await eventually(async () => (await stored()) === null);
    } finally {
      clearInterval(repeating);
    }
  });
});
