import { expect, it } from '@jest/globals';
import { DEMO_LOAD } from '../durability/demo-load.js';
import { Load } from '../durability/load.js';
import { Random } from '../durability/random.js';
import { checkIds } from '../durability/verify.js';
import { eventually } from '../support/eventually.js';
import { Balancer } from './balancer.js';
import { BehindBalancer } from './behind-balancer.js';
import { count } from './client.js';
import { describeCluster } from './world.js';

/** The default. */
const SHUTDOWN_DELAY_MS = 3000;
const SHUTDOWN_DELAY = { AGENT_WEBKIT_SHUTDOWN_DELAY_MS: String(SHUTDOWN_DELAY_MS) };

describeCluster('a server that is stopped', (world) => {
  it('ends its running turn before, while the streams go on, and takes nothing new', async () => {
    const site = await world.open();
    const client = world.client();
    const id = await client.create(site.at(0));
    const own = await client.follow(site.at(0), id);
    const other = await client.follow(site.at(1), id);
    await client.say(site.at(0), id, 'permission');
    const { data } = await own.next('permission_request');
    expect((await client.say(site.at(2), id, 'fail')).status).toBe(204);

    const stopped = site.at(0).stop();
    await eventually(
      async () => (await client.ask(site.at(0), 'GET', '/health/ready')).status === 503,
    );
    // It goes on to serve meanwhile.
    const elsewhere = await client.create(site.at(0));
    const { correlation_id } = data;
    const reply = { type: 'permission_response', correlation_id, behavior: 'allow' };
    expect((await client.input(site.at(0), id, reply)).status).toBe(204);
    await own.next('result');
    expect(await stopped).toBe(0);
    await own.ended();
    expect(own.isCut).toBe(false);

    // The queued message runs on another server.
    await other.until(() => count(other.events, 'result') === 2);
    expect(count(other.events, 'turn_start')).toBe(2);
    expect(checkIds(other.events)).toEqual([]);
    expect(other.events.some((event) => event.data['code'] === 'turn_interrupted')).toBe(false);
    expect(own.events).toEqual(other.events.slice(0, own.events.length));
    expect((await client.say(site.at(1), elsewhere, 'fail')).status).toBe(204);
  }, 90_000);

  it('ends at once at a second signal, and reports the turn as interrupted', async () => {
    const site = await world.open();
    const client = world.client();
    const id = await client.create(site.at(0));
    const other = await client.follow(site.at(1), id);
    await client.say(site.at(0), id, 'long');
    await other.next('message_delta');

    const stopped = site.at(0).stop();
    await eventually(
      async () => (await client.ask(site.at(0), 'GET', '/health/ready')).status === 503,
    );
    const pressed = setInterval(() => site.at(0).signal('SIGTERM'), 500);
    expect(await stopped).toBe(0);
    clearInterval(pressed);
    await other.next('result');
    expect(other.events.some(({ data }) => data['code'] === 'turn_interrupted')).toBe(true);
  }, 60_000);

  it('answers until a balancer has noticed its stop, even if it has nothing to do', async () => {
    const site = await world.open({ servers: 2, settings: SHUTDOWN_DELAY });
    const client = world.client();
    const id = await client.create(site.at(1));
    const stopped = site.at(0).stop();
    await eventually(
      async () => (await client.ask(site.at(0), 'GET', '/health/ready')).status === 503,
    );
    const startedAt = performance.now();
    const statuses: number[] = [];
    while (performance.now() - startedAt < SHUTDOWN_DELAY_MS / 2) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as a balancer sends them
      statuses.push((await client.ask(site.at(0), 'GET', `/sessions/${id}`)).status);
    }
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await stopped).toBe(0);
  }, 60_000);

  it('is replaced in a rolling restart under load, which no client notices', async () => {
    const site = await world.open({ settings: SHUTDOWN_DELAY });
    const balancer = await world.keep(Balancer.start(site.servers));
    const load = await Load.start(new BehindBalancer(site, balancer), new Random('CLUSTER_SEED'), {
      ...DEMO_LOAD,
      sessions: 3,
    });
    await load.survive(async () => {
      for (const server of site.servers) {
        /* oxlint-disable no-await-in-loop -- one server after the other */
        await load.randomMoment();
        expect(await server.stop()).toBe(0);
        await server.start();
        await balancer.allReady();
        expect(await load.violations()).toEqual([]);
        /* oxlint-enable no-await-in-loop */
      }
      expect(balancer.failures).toEqual([]);
    });
    expect(load.count('code', 'turn_interrupted')).toBe(0);
    expect(load.count('subtype', 'success')).toBeGreaterThan(0);
  }, 180_000);
});
