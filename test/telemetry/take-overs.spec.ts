import { afterEach, expect, it } from '@jest/globals';
import { createMetrics } from '../../src/agent-webkit/telemetry/metrics.js';
import { agentOf, ClusterBench } from '../support/cluster-bench.js';
import { eventually } from '../support/eventually.js';
import { MeteredProcess } from '../support/metric-reader.js';
import { ADA } from '../support/registry-bench.js';
import { user } from '../support/session-bench.js';

let bench: ClusterBench;
afterEach(() => bench.close());

const LOADED = 'agent_webkit.sessions.loaded';

it('tells the sessions of a server that was killed apart from those that it released', async () => {
  const metered = new MeteredProcess();
  const observer = createMetrics(metered.provider.getMeter('test'));
  bench = new ClusterBench();
  const [first, second] = await bench.startAll(2, { observer });
  if (!first || !second) throw new Error('There are no servers.');
  const read = (taken: boolean, unfinished: boolean) =>
    metered.read(LOADED, {
      'agent_webkit.session.taken_over': taken,
      'agent_webkit.session.unfinished': unfinished,
    });

  const released = await first.registry.create({}, ADA);
  await first.registry.lifecycle.shutdown();
  await second.registry.send(released.id, user('hi'), ADA);
  expect([await read(false, false), await read(true, false)]).toEqual([1, null]);

  const [third] = await bench.startAll(1, { observer });
  const { id } = await second.registry.create({}, ADA);
  await second.registry.send(id, user('hi'), ADA);
  await (await agentOf(second, 2)).received(1);
  bench.kill(second);
  await third?.registry.lifecycle.renewLease();
  await eventually(async () => (await read(true, true)) === 2);
  expect(await read(true, false)).toBeNull();
});
