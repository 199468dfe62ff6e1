import { expect, it } from '@jest/globals';
import type { RealServer } from '../durability/real-server.js';
import { eventually } from '../support/eventually.js';
import type { Client } from './client.js';
import { describeCluster } from './world.js';

async function ask(client: Client, server: RealServer, id: string) {
  const { status, body } = await client.ask(server, 'GET', `/sessions/${id}/capabilities`);
  expect(status).toBe(200);
  return JSON.parse(body) as Record<string, unknown>;
}

describeCluster('the capabilities of a session in a cluster', (world) => {
  it('are those that its agent tells, on every server, and null once its server is killed', async () => {
    const site = await world.open({ servers: 2 });
    const client = world.client();
    const id = await client.create(site.at(0));
    const here = await eventually(
      () => ask(client, site.at(0), id),
      ({ context }) => context !== null,
    );
    expect(here).toMatchObject({
      agent: 'running',
      agents: [{ name: 'general-purpose' }],
      mcp_servers: [],
      context: { max_tokens: 200_000 },
    });
    expect(await ask(client, site.at(1), id)).toEqual(here);

    await site.at(0).kill();
    const { permission_modes } = here;
    expect(await ask(client, site.at(1), id)).toMatchObject({ permission_modes, context: null });
  }, 60_000);
});
