import { expect, it } from '@jest/globals';
import { describeOwnRedis } from '../support/own-redis.js';
import type { SseClient } from '../support/sse-client.js';
import { count } from './client.js';
import { type BusKind, describeCluster, type World } from './world.js';

/**
 * The server of a stream looks into the database once per second, so an event that no message announced
 * comes half a second later at the median.
 */
const MAX_MEDIAN_MS = 250;

describeCluster('a reader on another server', (world) => {
  it('receives each delta when it is stored, announced by PostgreSQL', async () => {
    expect(await measure(world, 'postgres')).toBeLessThan(MAX_MEDIAN_MS);
  }, 90_000);

  describeOwnRedis('with Redis', () => {
    it('receives each delta when it is stored, announced by Redis', async () => {
      expect(await measure(world, 'redis')).toBeLessThan(MAX_MEDIAN_MS);
    }, 90_000);
  });
});

/** Returns the median of the time that deltas reach another server later, in milliseconds. */
async function measure(world: World, bus: BusKind): Promise<number> {
  const site = await world.open({ bus });
  const client = world.client();
  const id = await client.create(site.at(0));
  const streams = await Promise.all(site.servers.map((server) => client.follow(server, id)));
  const arrivals = Promise.all(streams.map((stream) => arrivalsOf(stream)));
  expect((await client.say(site.at(0), id, 'help')).status).toBe(204);
  const [own, ...others] = await arrivals;
  const later = others
    .flatMap((times) => [...times].map(([seq, at]) => at - (own?.get(seq) ?? at)))
    .toSorted((a, b) => a - b);
  const median = later[Math.floor(later.length / 2)] ?? Infinity;
  process.stderr.write(
    `  ${bus}: ${later.length} deltas, ${median.toFixed(1)} ms later at the median on another server\n`,
  );
  return median;
}

/** Returns when each delta of a turn arrived. */
async function arrivalsOf(stream: SseClient): Promise<Map<number, number>> {
  const arrivals = new Map<number, number>();
  let seen = 0;
  await stream.until(() => {
    for (const { id, event } of stream.events.slice(seen)) {
      if (event === 'message_delta') arrivals.set(id, performance.now());
    }
    seen = stream.events.length;
    return count(stream.events, 'result') > 0;
  });
  return arrivals;
}
