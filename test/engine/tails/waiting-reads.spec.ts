import { afterEach, describe, expect, it } from '@jest/globals';
import { SessionHandle } from '../../../src/agent-webkit/engine/registry/session-handle.js';
import { type BenchServer, ClusterBench } from '../../support/cluster-bench.js';
import { eventually } from '../../support/eventually.js';
import { ADA } from '../../support/registry-bench.js';
import { user } from '../../support/session-bench.js';

let bench: ClusterBench;

afterEach(() => bench.close());

describe('a read that waits for an event of a session that no server runs', () => {
  it('returns the event when the session starts to run on the same server', async () => {
    bench = new ClusterBench();
    const [before] = (await bench.startAll(1)) as [BenchServer];
    const { id } = await before.registry.create({}, ADA);
    await before.registry.lifecycle.shutdown();
    const [server] = (await bench.startAll(1)) as [BenchServer];
    const handle = new SessionHandle(server.registry, id, ADA);
    const { last_id: after } = await handle.read();
    const waiting = handle.read(after, 10, { waitMs: 5000 });
    await eventually(async () => (await handle.info()).subscribers === 1);
    await handle.send(user('hello'));
    expect((await waiting).events[0]).toMatchObject({ event: 'user_message' });
  });
});
