import { expect, it } from '@jest/globals';
import type { RealServer } from '../durability/real-server.js';
import { eventually } from '../support/eventually.js';
import { type Client, count } from './client.js';
import { describeCluster } from './world.js';

interface Page {
  requests: { session_id: string; correlation_id: string }[];
  next_cursor: string | null;
}

async function page(client: Client, server: RealServer, query = ''): Promise<Page> {
  return JSON.parse((await client.ask(server, 'GET', `/requests${query}`)).body) as Page;
}

/** Opens a request of a new session. Returns the id of the session. */
async function openAt(client: Client, server: RealServer): Promise<string> {
  const id = await client.create(server);
  const stream = await client.follow(server, id);
  await client.say(server, id, 'permission');
  await stream.next('permission_request');
  return id;
}

describeCluster('the open requests of two servers', (world) => {
  it('are listed by each of them, and answered at either', async () => {
    const site = await world.open({ servers: 2 });
    const client = world.client();
    const ids = [await openAt(client, site.at(0)), await openAt(client, site.at(1))];
    const whole = await page(client, site.at(0));
    expect(whole.requests.map(({ session_id }) => session_id)).toEqual(ids);
    expect(await page(client, site.at(1))).toEqual(whole);
    const first = await page(client, site.at(0), '?limit=1');
    const second = await page(client, site.at(1), `?limit=1&cursor=${first.next_cursor}`);
    expect([...first.requests, ...second.requests]).toEqual(whole.requests);
    expect(second.next_cursor).toBeNull();

    for (const { session_id, correlation_id } of whole.requests) {
      const reply = { type: 'permission_response', correlation_id, behavior: 'allow' };
      // oxlint-disable-next-line no-await-in-loop -- both at the second server
      expect((await client.input(site.at(1), session_id, reply)).status).toBe(204);
    }
    expect((await page(client, site.at(0))).requests).toEqual([]);
  }, 60_000);

  it('are no longer listed once the other server has resumed the sessions of a killed one', async () => {
    const site = await world.open({ servers: 2 });
    const client = world.client();
    const lost = await openAt(client, site.at(0));
    const kept = await openAt(client, site.at(1));
    await site.at(0).kill();
    await eventually(
      () => client.events(site.at(1), lost),
      (events) => count(events, 'request_resolved') === 1,
      30_000,
    );
    const { requests } = await page(client, site.at(1));
    expect(requests.map(({ session_id }) => session_id)).toEqual([kept]);
  }, 90_000);
});
