import { afterEach, describe, expect, it } from '@jest/globals';
import { MessageSeal } from '../../../src/agent-webkit/engine/cluster/message-seal.js';
import { SessionHandle } from '../../../src/agent-webkit/engine/registry/session-handle.js';
import { type BenchServer, ClusterBench } from '../../support/cluster-bench.js';
import { ADA } from '../../support/registry-bench.js';

let bench: ClusterBench;

afterEach(() => bench.close());

describe('an event that a server was sent, and that the storage does not have', () => {
  it('ends the watches that have it, and is in no later read', async () => {
    bench = new ClusterBench();
    const [owner, other] = (await bench.startAll(2)) as [BenchServer, BenchServer];
    const { id } = await owner.registry.create({}, ADA);
    const handle = new SessionHandle(other.registry, id, ADA);
    const { events: stored, last_id: after } = await handle.read();
    const watch = await handle.watch(after);
    const data = JSON.stringify({ time: new Date().toISOString() });
    bench.cluster.bus(owner.address).send(
      other.address,
      new MessageSeal(bench.cluster.messageKey).seal(
        JSON.stringify({
          t: 'events',
          session: id,
          seq: after + 1,
          id: after + 1,
          events: [['turn_start', data]],
        }),
        other.address,
      ),
    );
    expect((await watch.next()).value).toMatchObject({ event: 'turn_start' });
    await expect(watch.next()).rejects.toMatchObject({ code: 'cursor_ahead' });
    expect((await handle.read()).events).toEqual(stored);
  });
});
