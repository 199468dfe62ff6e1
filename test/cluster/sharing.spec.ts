import { expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { JointClient } from '../support/joint-client.js';
import { count } from './client.js';
import { describeCluster, type World } from './world.js';

const AUTH = { AGENT_WEBKIT_TOKEN: 'ann:ann-token,ben:ben-token', AGENT_WEBKIT_NO_AUTH: '0' };

async function followAll(world: World, url: string, token: string): Promise<JointClient> {
  const stream = await JointClient.open(`${url}/stream`, { authorization: `Bearer ${token}` });
  await world.keep(Promise.resolve({ remove: async () => stream.close() }));
  await stream.next('stream_start');
  return stream;
}

describeCluster('a session that is shared, on several servers', (world) => {
  it('is readable and writable at every server by its role, until that ends, at once', async () => {
    const site = await world.open({ settings: AUTH });
    const ann = world.client({ token: 'ann-token' });
    const ben = world.client({ token: 'ben-token' });
    const id = await ann.create(site.at(0));
    const all = await followAll(world, site.at(1).url, 'ben-token');
    const share = (role: string | null, at: number) =>
      ann.ask(site.at(at), 'PUT', `/sessions/${id}/members`, {
        members: role === null ? [] : [{ id: 'ben', role }],
      });
    expect((await ben.say(site.at(1), id, 'hello')).status).toBe(404);

    // Shared at one server, seen at the next, written at a third.
    expect((await share('viewer', 2)).status).toBe(200);
    expect((await all.next('session_shared', id)).payload['role']).toBe('viewer');
    const stream = await ben.follow(site.at(1), id);
    expect(stream.status).toBe(200);
    expect((await ben.say(site.at(2), id, 'hello')).status).toBe(403);
    expect((await share('contributor', 1)).status).toBe(200);
    expect((await ben.say(site.at(2), id, 'permission')).status).toBe(204);
    const { data } = await stream.next('permission_request');
    expect(await stream.next('user_message')).toMatchObject({ data: { by: 'ben' } });

    // Answered at another server than the one which runs it, as soon as the role permits.
    const reply = {
      type: 'permission_response',
      correlation_id: data['correlation_id'],
      behavior: 'allow',
    };
    expect((await ben.input(site.at(2), id, reply)).status).toBe(403);
    expect((await share('approver', 2)).status).toBe(200);
    expect((await ben.input(site.at(1), id, reply)).status).toBe(204);
    await stream.next('result');

    expect((await share(null, 1)).status).toBe(200);
    await all.next('session_unshared', id);
    await stream.ended();
    for (const server of site.servers) {
      expect((await ben.say(server, id, 'hello')).status).toBe(404); // oxlint-disable-line no-await-in-loop -- each
    }
    expect((await ann.say(site.at(2), id, 'hello')).status).toBe(204);
    await eventually(async () => count(await ann.events(site.at(1), id), 'result') === 2);
    expect(count(stream.events, 'result')).toBe(1);
    expect(all.names(id).filter((name) => name === 'result')).toHaveLength(1);
  }, 90_000);

  it('counts as one budget of the day at all servers, also after they were killed', async () => {
    const site = await world.open({
      settings: { ...AUTH, AGENT_WEBKIT_MAX_BUDGET_USD_PER_DAY: '0.003' },
    });
    const ann = world.client({ token: 'ann-token' });
    const ben = world.client({ token: 'ben-token' });
    const spent = async () => {
      const { body } = await ann.ask(site.at(1), 'GET', '/usage');
      const { usage } = JSON.parse(body) as { usage: { cost_usd: number }[] };
      return usage.reduce((sum, row) => sum + row.cost_usd, 0);
    };
    const turns = async (at: number) => {
      const id = await ann.create(site.at(at));
      const { status, body } = await ann.say(site.at(at), id, 'hello');
      if (status !== 204) return JSON.parse(body) as { code: string };
      await eventually(async () => count(await ann.events(site.at(at), id), 'result') === 1);
      return null;
    };
    let refusal = null;
    let accepted = 0;
    for (let n = 0; refusal === null && n < 20; n += 1) {
      refusal = await turns(n % 3); // oxlint-disable-line no-await-in-loop -- each knows those before
      accepted += refusal === null ? 1 : 0;
    }
    expect(refusal).toMatchObject({ code: 'daily_budget_exhausted' });
    expect(accepted).toBeGreaterThan(1);
    expect(await spent()).toBeGreaterThanOrEqual(0.003);
    const id = await ben.create(site.at(0));
    expect((await ben.say(site.at(0), id, 'hello')).status).toBe(204);

    await site.at(0).kill();
    for (const at of [1, 2]) {
      expect(await turns(at)).toMatchObject({ code: 'daily_budget_exhausted' }); // oxlint-disable-line no-await-in-loop -- each
    }
  }, 90_000);
});
