import { expect, it } from '@jest/globals';
import { count } from './client.js';
import { describeCluster } from './world.js';

const PER_SERVER = 2;

describeCluster('the agents of three servers', (world) => {
  it('are refused as agents_busy only when every server is full', async () => {
    const settings = { AGENT_WEBKIT_MAX_AGENTS: String(PER_SERVER) };
    const site = await world.open({ settings });
    const client = world.client();
    const room = PER_SERVER * site.servers.length;
    const ids: string[] = [];
    // All by one server, one after the other: the others start the agents that it has no room for.
    for (let place = 0; place < room; place += 1) {
      /* oxlint-disable no-await-in-loop -- one session after the other */
      const id = await client.create(site.at(0));
      const reader = await client.follow(site.at(0), id);
      expect((await client.say(site.at(0), id, 'long')).status).toBe(204);
      await reader.next('message_delta');
      ids.push(id);
      /* oxlint-enable no-await-in-loop */
    }
    const next = await client.create(site.at(1));
    for (const server of site.servers) {
      // oxlint-disable-next-line no-await-in-loop -- one server after the other
      const refused = await client.say(server, next, 'fail');
      expect(refused).toMatchObject({ status: 503 });
      expect(JSON.parse(refused.body)).toMatchObject({ code: 'agents_busy' });
    }
    const last = await client.follow(site.at(1), ids[room - 1] ?? '');
    await client.input(site.at(2), ids[room - 1] ?? '', { type: 'interrupt' });
    await last.next('result');
    const reader = await client.follow(site.at(2), next);
    expect((await client.say(site.at(0), next, 'fail')).status).toBe(204);
    await reader.until(() => count(reader.events, 'result') === 1);
  }, 120_000);

  it('count the creations of a minute together', async () => {
    const settings = { AGENT_WEBKIT_MAX_CREATIONS_PER_MINUTE: '6' };
    const site = await world.open({ settings });
    const client = world.client();
    for (let place = 0; place < 6; place += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one session after the other
      await client.create(site.at(place % 3));
    }
    for (const server of site.servers) {
      // oxlint-disable-next-line no-await-in-loop -- one server after the other
      const refused = await client.ask(server, 'POST', '/sessions', {});
      expect(refused.status).toBe(429);
      expect(JSON.parse(refused.body)).toMatchObject({ code: 'too_many_creations' });
    }
  }, 60_000);
});
