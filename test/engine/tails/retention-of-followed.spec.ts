import { afterEach, describe, expect, it } from '@jest/globals';
import { SessionHandle } from '../../../src/agent-webkit/engine/registry/session-handle.js';
import type { SessionRegistryOptions } from '../../../src/agent-webkit/engine/registry/registry-parts.js';
import { type BenchServer, ClusterBench } from '../../support/cluster-bench.js';
import { eventually } from '../../support/eventually.js';
import { ADA } from '../../support/registry-bench.js';

let bench: ClusterBench;

afterEach(() => bench.close());

/** Returns how often a server has recorded that a session is in use. */
const keptBy = ({ storage }: BenchServer) =>
  storage.calls.filter((call) => call === 'records.update').length;

const LIMITS: readonly Partial<SessionRegistryOptions>[] = [
  { retentionMs: 100 },
  { emptySessionTtlMs: 100 },
];

describe.each(LIMITS)('a session that no server runs, with %o', (limits) => {
  it('is kept while it has a subscriber on this server, and deleted after that', async () => {
    bench = new ClusterBench();
    const [before] = (await bench.startAll(1)) as [BenchServer];
    const { id } = await before.registry.create({}, ADA);
    await before.registry.lifecycle.shutdown();
    const [server] = (await bench.startAll(1, limits)) as [BenchServer];
    const watch = await new SessionHandle(server.registry, id, ADA).watch(0);
    await server.registry.lifecycle.start();
    await eventually(() => keptBy(server) >= 2);
    expect(bench.cluster.owners.has(id)).toBe(false);
    expect(await server.registry.info(id, ADA)).toMatchObject({ state: 'dormant', subscribers: 1 });
    watch.close();
    await eventually(async () => (await bench.cluster.storage.records.get(id)) === null);
  });

  it('is kept while it has a subscriber on another server, and deleted after that', async () => {
    bench = new ClusterBench(1000, false);
    const [before] = (await bench.startAll(1)) as [BenchServer];
    const { id } = await before.registry.create({}, ADA);
    await before.registry.lifecycle.shutdown();
    const [reader] = (await bench.startAll(1)) as [BenchServer];
    const [server] = (await bench.startAll(1, limits)) as [BenchServer];
    const watch = await new SessionHandle(reader.registry, id, ADA).watch(0);
    await eventually(() => bench.cluster.subscribers.get(reader.address)?.get(id) === 1);
    await server.registry.lifecycle.start();
    await eventually(() => keptBy(server) >= 2);
    expect(await reader.registry.info(id, ADA)).toMatchObject({ state: 'dormant' });
    watch.close();
    await eventually(async () => (await bench.cluster.storage.records.get(id)) === null);
  });
});
