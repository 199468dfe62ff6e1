import { isDeepStrictEqual } from 'node:util';
import { expect, it } from '@jest/globals';
import { DEMO_LOAD } from '../durability/demo-load.js';
import { Load } from '../durability/load.js';
import { Random } from '../durability/random.js';
import { checkIds } from '../durability/verify.js';
import type { RealServer } from '../durability/real-server.js';
import { eventually } from '../support/eventually.js';
import { Balancer } from './balancer.js';
import { BehindBalancer } from './behind-balancer.js';
import { type Client, count } from './client.js';
import { describeCluster } from './world.js';

const SETTINGS = {
  AGENT_WEBKIT_TOKEN: 'ann:ann-token',
  AGENT_WEBKIT_NO_AUTH: '0',
  AGENT_WEBKIT_ADMIN_TOKEN: 'ops:ops-token',
};

interface Server {
  address: string;
  current: boolean;
  state: string;
  report: { pid: number; work: { sessions: Record<string, number> } } | null;
}

interface Session {
  session_id: string;
  state: string;
  agent: string;
  server: string | null;
}

const bodyOf = ({ body }: { body: string }): unknown => JSON.parse(body);

async function serversOf(operator: Client, at: RealServer): Promise<Server[]> {
  return (bodyOf(await operator.ask(at, 'GET', '/admin/servers')) as { servers: Server[] }).servers;
}

/** Returns the address of a server, by what it says of itself. */
async function addressOf(operator: Client, at: RealServer): Promise<string> {
  return (await serversOf(operator, at)).find(({ current }) => current)?.address ?? '';
}

const isReady = async (client: Client, at: RealServer) =>
  (await client.ask(at, 'GET', '/health/ready')).status === 204;

describeCluster('operators of several servers', (world) => {
  it('see all servers and sessions at each one, and put to sleep, interrupt and end what another one runs', async () => {
    const site = await world.open({ settings: SETTINGS });
    const ann = world.client({ token: 'ann-token' });
    const ops = world.client({ token: 'ops-token' });
    const sessionOf = async (id: string, at = 2) =>
      bodyOf(await ops.ask(site.at(at), 'GET', `/admin/sessions/${id}`)) as Session;
    const act = async (id: string, action: string, at: number) =>
      (await ops.ask(site.at(at), 'POST', `/admin/sessions/${id}/${action}`)).status;

    const addresses = await Promise.all(site.servers.map((server) => addressOf(ops, server)));
    expect(new Set(addresses).size).toBe(3);
    for (const server of site.servers) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const listed = await serversOf(ops, server);
      expect(listed.map(({ address }) => address).sort()).toEqual([...addresses].sort());
      expect(new Set(listed.map(({ report }) => report?.pid)).size).toBe(3);
    }

    const id = await ann.create(site.at(0));
    expect((await ann.say(site.at(0), id, 'permission')).status).toBe(204);
    await eventually(async () => (await sessionOf(id)).state === 'awaiting');
    expect(await sessionOf(id)).toMatchObject({ agent: 'running', server: addresses[0] });
    expect(await act(id, 'sleep', 1)).toBe(409);
    expect(await act(id, 'interrupt', 1)).toBe(204);
    await eventually(async () => (await sessionOf(id)).state === 'idle');
    expect(await act(id, 'sleep', 2)).toBe(204);
    expect(await sessionOf(id, 1)).toMatchObject({ state: 'dormant', agent: 'none' });

    const stream = await ann.follow(site.at(2), id);
    expect((await ops.ask(site.at(1), 'DELETE', `/admin/sessions/${id}`)).status).toBe(204);
    await stream.next('done');
    expect((await ops.ask(site.at(0), 'GET', `/admin/sessions/${id}`)).status).toBe(404);
    const listed = await ops.ask(site.at(2), 'GET', '/admin/sessions');
    expect(bodyOf(listed)).toEqual({ sessions: [], next_cursor: null });
  }, 90_000);

  it('interrupt a turn that waits for people without an agent, at another server', async () => {
    const waits = { AGENT_WEBKIT_DURABLE_TOOLS: 'Bash', AGENT_WEBKIT_HOLD_MS: '1' };
    const site = await world.open({ servers: 2, settings: { ...SETTINGS, ...waits } });
    const ann = world.client({ token: 'ann-token' });
    const ops = world.client({ token: 'ops-token' });
    const id = await ann.create(site.at(0));
    const seen = async () =>
      bodyOf(await ops.ask(site.at(1), 'GET', `/admin/sessions/${id}`)) as Session;
    const interrupt = async () =>
      (await ops.ask(site.at(1), 'POST', `/admin/sessions/${id}/interrupt`)).status;
    await ann.say(site.at(0), id, 'permission');
    await eventually(async () => {
      const { state, agent } = await seen();
      return state === 'awaiting' && agent === 'none';
    });
    expect(await interrupt()).toBe(204);
    await eventually(async () => count(await ann.events(site.at(0), id), 'result') === 1);
    expect(await seen()).toMatchObject({ state: 'dormant', agent: 'none' });
  }, 60_000);

  it('drain a server at another one: its turns end, its sessions go on elsewhere, and it can take work again', async () => {
    const site = await world.open({ settings: SETTINGS });
    const ann = world.client({ token: 'ann-token' });
    const ops = world.client({ token: 'ops-token' });
    const address = await addressOf(ops, site.at(0));
    const drained = async () =>
      (await serversOf(ops, site.at(2))).find((server) => server.address === address);
    const idle = await ann.create(site.at(0));
    const working = await ann.create(site.at(0));
    const stream = await ann.follow(site.at(0), working);
    await ann.say(site.at(0), working, 'permission');
    const { data } = await stream.next('permission_request');
    expect((await ann.say(site.at(0), working, 'hello')).status).toBe(204);

    const draining = await ops.ask(site.at(1), 'POST', `/admin/servers/${address}/drain`);
    expect(draining.status).toBe(200);
    expect(bodyOf(draining)).toMatchObject({ address, state: 'draining', current: false });
    const { status, body } = await ann.ask(site.at(0), 'GET', '/health/ready');
    expect([status, JSON.parse(body)]).toEqual([
      503,
      expect.objectContaining({ code: 'not_ready' }),
    ]);
    // The idle one leaves, and the other one stays for its turn.
    await eventually(
      async () => (await drained())?.report?.work.sessions,
      (sessions) => isDeepStrictEqual(sessions, { awaiting: 1 }),
    );
    expect((await ann.say(site.at(0), idle, 'hello')).status).toBe(204);
    await eventually(async () => count(await ann.events(site.at(0), idle), 'result') === 1);

    const { correlation_id } = data;
    const reply = { type: 'permission_response', correlation_id, behavior: 'allow' };
    expect((await ann.input(site.at(0), working, reply)).status).toBe(204);
    // The queued message runs on another server, and the stream here goes on.
    await stream.until(() => count(stream.events, 'result') === 2);
    expect(checkIds(stream.events)).toEqual([]);
    expect(stream.events.some((event) => event.data['code'] === 'turn_interrupted')).toBe(false);
    await eventually(async () => {
      const server = await drained();
      return (
        server?.state === 'draining' && Object.keys(server.report?.work.sessions ?? {}).length === 0
      );
    });
    expect((await ops.ask(site.at(0), 'POST', '/admin/servers/self/drain')).status).toBe(200);

    const resumed = await ops.ask(site.at(2), 'DELETE', `/admin/servers/${address}/drain`);
    expect(bodyOf(resumed)).toMatchObject({ address, state: 'active' });
    expect(await isReady(ann, site.at(0))).toBe(true);
    const again = await ann.create(site.at(0));
    expect((await ann.say(site.at(0), again, 'hello')).status).toBe(204);
    await eventually(async () => count(await ann.events(site.at(0), again), 'result') === 1);
    expect((await drained())?.report?.work.sessions).toMatchObject({ idle: 1 });
  }, 90_000);

  it('cannot drain the last server that takes work, and one that drains takes work again when the others are gone', async () => {
    const site = await world.open({ servers: 2, settings: SETTINGS });
    const ann = world.client({ token: 'ann-token' });
    const ops = world.client({ token: 'ops-token' });
    const other = await addressOf(ops, site.at(1));
    const id = await ann.create(site.at(1));
    const stream = await ann.follow(site.at(0), id);
    await ann.say(site.at(1), id, 'permission');
    await stream.next('permission_request');
    expect((await ops.ask(site.at(0), 'POST', '/admin/servers/self/drain')).status).toBe(200);
    const refusal = await ops.ask(site.at(0), 'POST', `/admin/servers/${other}/drain`);
    expect([refusal.status, bodyOf(refusal)]).toEqual([
      409,
      expect.objectContaining({ code: 'no_other_server' }),
    ]);

    // Accepted while the owner still runs, and never lost.
    expect((await ann.say(site.at(0), id, 'hello')).status).toBe(204);
    await site.at(1).kill();
    await eventually(() => isReady(ann, site.at(0)));
    await stream.until(() => count(stream.events, 'result') === 2);
    expect(checkIds(stream.events)).toEqual([]);
    expect(await site.at(0).stop()).toBe(0);
  }, 90_000);

  it('drain one server after the other under load, which no client notices', async () => {
    const site = await world.open({
      settings: { AGENT_WEBKIT_ADMIN_TOKEN: SETTINGS.AGENT_WEBKIT_ADMIN_TOKEN },
    });
    const ops = world.client({ token: 'ops-token' });
    const balancer = await world.keep(Balancer.start(site.servers));
    const load = await Load.start(new BehindBalancer(site, balancer), new Random('CLUSTER_SEED'), {
      ...DEMO_LOAD,
      sessions: 3,
    });
    await load.survive(async () => {
      for (const server of [...site.servers, ...site.servers]) {
        /* oxlint-disable no-await-in-loop -- one server after the other */
        await load.randomMoment();
        const address = await addressOf(ops, server);
        const path = `/admin/servers/${address}/drain`;
        expect((await ops.ask(site.at(1), 'POST', path)).status).toBe(200);
        await eventually(async () => {
          const own = (await serversOf(ops, server)).find(({ current }) => current);
          return Object.keys(own?.report?.work.sessions ?? {}).length === 0;
        });
        expect((await ops.ask(site.at(2), 'DELETE', path)).status).toBe(200);
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
