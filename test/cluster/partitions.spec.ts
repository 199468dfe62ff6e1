import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { DEMO_LOAD } from '../durability/demo-load.js';
import { Load } from '../durability/load.js';
import { OwnPostgres } from '../durability/own-postgres.js';
import { Random } from '../durability/random.js';
import type { RealServer } from '../durability/real-server.js';
import { describeOwnRedis, OwnRedis } from '../support/own-redis.js';
import { eventually } from '../support/eventually.js';
import type { Client } from './client.js';
import { Fleet } from './fleet.js';
import { describeNetwork, Network, type NetworkHost } from './network.js';
import { describeCluster } from './world.js';

const TOKEN = 'a-token-of-these-tests';
/** Of another caller, whose turns are not in the usage of the load. */
const OTHER_TOKEN = 'another-token-of-these-tests';
const LEASE_MS = 1500;
/** Long enough that another server takes over. */
const CUT_MS = 3 * LEASE_MS;

/** Sends a message to a new session at one server, and waits for the end of its turn at another one. */
async function takeTurn(client: Client, one: RealServer, other: RealServer): Promise<void> {
  // A request may be refused while leases move on a busy machine.
  const id = await eventually(() => client.create(one).catch(() => ''));
  const reader = await client.follow(other, id);
  const messageId = randomUUID();
  await eventually(
    () => client.say(other, id, 'fail', messageId),
    ({ status }) => status === 204,
  );
  await reader.next('result');
}

describeNetwork('three hosts with a network', () => {
  describeOwnRedis('and a Redis server', () => {
    describeCluster('lose and repeat nothing', (world) => {
      it('when a host is cut off from the database, from the bus, or from both', async () => {
        const network = await world.keep(Network.create(3));
        const { address } = network;
        const database = await world.keep(OwnPostgres.start({ address }));
        const redis = await world.keep(
          OwnRedis.start('--bind', address, '127.0.0.1', '--protected-mode', 'no'),
        );
        const site = await world.open({
          database: database.url,
          settings: {
            AGENT_WEBKIT_NO_AUTH: '0',
            AGENT_WEBKIT_TOKEN: `ann:${TOKEN},ben:${OTHER_TOKEN}`,
            AGENT_WEBKIT_BUS: `redis://${address}:${redis.port}`,
            AGENT_WEBKIT_LEASE_MS: String(LEASE_MS),
            AGENT_WEBKIT_STORAGE_TIMEOUT_MS: '1000',
          },
          hosts: network.hosts.map((host) => ({ host, settings: { HOST: host.address } })),
        });
        const random = new Random('CLUSTER_SEED');
        const fleet = new Fleet(site, random, { authorization: `Bearer ${TOKEN}` });
        const load = await Load.start(fleet, random, { ...DEMO_LOAD, sessions: 3 });
        const cuts = [[database.port], [redis.port], [database.port, redis.port]];
        await load.survive(async () => {
          for (const ports of cuts) {
            /* oxlint-disable no-await-in-loop -- one cut after the other */
            const place = random.upTo(3) - 1;
            const host = network.hosts[place] as NetworkHost;
            await load.randomMoment();
            for (const port of ports) await host.cut(port);
            await delay(CUT_MS);
            // The other hosts go on. All readers of the load may be at the one that is cut off.
            const [one, other] = site.servers.filter((_, index) => index !== place);
            if (one && other) await takeTurn(world.client({ token: OTHER_TOKEN }), one, other);
            await host.heal();
            await load.randomMoment();
            expect(await load.violations()).toEqual([]);
            /* oxlint-enable no-await-in-loop */
          }
          // Without any bus, everything works, only slower.
          await Promise.all(network.hosts.map((host) => host.cut(redis.port)));
          await load.randomMoment();
          expect(await load.violations()).toEqual([]);
        });
        expect(load.count('subtype', 'success')).toBeGreaterThan(0);
      }, 180_000);
    });
  });
});
