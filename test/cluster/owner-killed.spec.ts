import { expect, it } from '@jest/globals';
import { RealAgent } from '../durability/real-agent.js';
import { checkIds } from '../durability/verify.js';
import { saidIn } from '../e2e/claude/tab.js';
import { interruptedWithin } from './interrupted.js';
import { count } from './client.js';
import { describeCluster } from './world.js';

describeCluster('a server that is killed in a turn', (world) => {
  it('is replaced by another one, which runs the queued messages by itself', async () => {
    const site = await world.open();
    const client = world.client();
    const id = await client.create(site.at(0));
    const readers = [await client.follow(site.at(1), id), await client.follow(site.at(2), id)];
    await client.say(site.at(0), id, 'long');
    await Promise.all(readers.map((reader) => reader.next('message_delta')));
    expect((await client.say(site.at(1), id, 'fail first')).status).toBe(204);
    expect((await client.say(site.at(2), id, 'fail second')).status).toBe(204);

    const killedAt = performance.now();
    await site.at(0).kill();
    await Promise.all(readers.map((reader) => interruptedWithin(reader, killedAt, 'killed')));
    const isOver = readers.map((reader) =>
      reader.until(() => count(reader.events, 'result') === 3),
    );
    await Promise.all(isOver);
    expect((await client.say(site.at(2), id, 'fail third')).status).toBe(204);
    const isOverAgain = readers.map((reader) =>
      reader.until(() => count(reader.events, 'result') === 4),
    );
    await Promise.all(isOverAgain);
    for (const { events } of readers) {
      expect(checkIds(events)).toEqual([]);
      const interruptions = events.filter(({ data }) => data['code'] === 'turn_interrupted');
      expect(interruptions).toHaveLength(1);
    }
    expect(readers[0]?.events).toEqual(readers[1]?.events);
  }, 90_000);

  it('is named by the answer to a message, and is no outage of the storage', async () => {
    // The limit of a request ends before the lease.
    const settings = { AGENT_WEBKIT_LEASE_MS: '8000', AGENT_WEBKIT_STORAGE_TIMEOUT_MS: '1000' };
    const site = await world.open({ servers: 2, settings });
    const client = world.client();
    const id = await client.create(site.at(0));
    await site.at(0).kill();
    const answer = await client.say(site.at(1), id, 'fail first');
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([
      503,
      { code: 'session_unavailable' },
    ]);
    expect(site.lines.filter((line) => line.includes('outage'))).toEqual([]);
  }, 60_000);

  it('takes no memory of the real agent with it, and leaves none of its processes', async () => {
    const agent = await RealAgent.create();
    try {
      const site = await world.open({ settings: agent.settings });
      const client = world.client();
      const id = await client.create(site.at(0));
      const reader = await client.follow(site.at(1), id);
      await client.say(site.at(0), id, 'say the secret');
      await reader.next('result');
      // The turn waits for the permission.
      await client.say(site.at(1), id, 'bash touch file');
      await reader.next('permission_request');

      const killedAt = performance.now();
      await site.at(0).kill();
      await interruptedWithin(reader, killedAt, 'killed, with the real agent');
      expect((await client.say(site.at(2), id, 'recall')).status).toBe(204);
      await reader.until(() => count(reader.events, 'result') === 3);
      const said = reader.events.filter(({ event }) => event === 'message_complete');
      expect(said.at(-1) && saidIn(said.at(-1)!.data)).toContain('say the secret');
      await site.close();
      await agent.gone();
    } finally {
      await world.clear();
      await agent.close();
    }
  }, 120_000);
});
