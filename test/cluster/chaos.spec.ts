import { expect, it } from '@jest/globals';
import { DEMO_LOAD } from '../durability/demo-load.js';
import { Load, type LoadOptions } from '../durability/load.js';
import { findForgotten } from '../durability/memory.js';
import { OwnPostgres } from '../durability/own-postgres.js';
import { Random } from '../durability/random.js';
import { REAL_LOAD, RealAgent } from '../durability/real-agent.js';
import { rounds } from '../durability/rounds.js';
import { describeOwnRedis, OwnRedis } from '../support/own-redis.js';
import { Faults, LEASE_MS } from './faults.js';
import { Fleet } from './fleet.js';
import { describeCluster, type World } from './world.js';

const FAULTS = rounds(102, 'CLUSTER');
const REAL_FAULTS = rounds(12, 'CLUSTER');
/** How often the stories of all readers are compared with the log, in faults. */
const CHECK_EVERY = 6;

describeCluster('three servers under load', (world) => {
  describeOwnRedis('with Redis', () => {
    it(`lose, repeat and change nothing in ${FAULTS} faults`, async () => {
      const settings = { AGENT_WEBKIT_AGENT: 'demo' };
      const load = await survive(world, { settings, load: DEMO_LOAD, count: FAULTS });
      expect(load.count('subtype', 'success')).toBeGreaterThan(0);
      expect(load.count('outcome', 'allowed')).toBeGreaterThan(0);
    }, 900_000);

    it(`leave no process of the real agent and none of its memory in ${REAL_FAULTS} faults`, async () => {
      const agent = await RealAgent.create();
      try {
        const { settings, requests } = agent;
        const load = await survive(world, { settings, load: REAL_LOAD, count: REAL_FAULTS });
        expect(load.count('subtype', 'success')).toBeGreaterThan(0);
        expect(load.logs.flatMap((log) => findForgotten(log, requests))).toEqual([]);
        await agent.gone();
      } finally {
        await world.clear();
        await agent.gone();
        await agent.close();
      }
    }, 300_000);
  });
});

interface Chaos {
  settings: Readonly<Record<string, string>>;
  load: LoadOptions;
  /** The number of faults. */
  count: number;
}

/** Returns the load, which has come to rest after the faults. @throws Error on a violation */
async function survive(world: World, { settings, load: options, count }: Chaos): Promise<Load> {
  const database = await world.keep(OwnPostgres.start({ settings: ['max_connections=200'] }));
  const redis = await world.keep(OwnRedis.start());
  const site = await world.open({
    database: database.url,
    settings: {
      AGENT_WEBKIT_BUS: redis.url,
      AGENT_WEBKIT_LEASE_MS: String(LEASE_MS),
      AGENT_WEBKIT_STORAGE_TIMEOUT_MS: '2000',
      AGENT_WEBKIT_DRAIN_TIMEOUT_MS: '1000',
      ...settings,
    },
  });
  const random = new Random('CLUSTER_SEED');
  process.stderr.write(`  CLUSTER_SEED=${random.seed}\n`);
  const faults = new Faults(site, database, redis, random);
  const load = await Load.start(new Fleet(site, random), random, { ...options, faultsMs: 840_000 });
  await load.survive(async () => {
    for (let fault = 1; fault <= count; fault += 1) {
      /* oxlint-disable no-await-in-loop -- one fault after the other */
      await load.randomMoment();
      await faults.next();
      if (fault % CHECK_EVERY === 0) {
        process.stderr.write(`  ${fault} of ${count} faults\n`);
        expect(await load.violations()).toEqual([]);
      }
      /* oxlint-enable no-await-in-loop */
    }
    await faults.settle();
  });
  const told = [...faults.counts].map(([name, times]) => `${times} ${name}`);
  process.stderr.write(`  ${told.join(', ')}\n`);
  return load;
}
