import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { createProcessSweep } from '../../src/agent-webkit/agents/claude/process-sweep.js';
import { RealAgent } from '../durability/real-agent.js';
import { checkIds } from '../durability/verify.js';
import { eventually } from '../support/eventually.js';
import { count } from './client.js';
import { interruptedWithin } from './interrupted.js';
import { describeCluster } from './world.js';

/** A variable that the agents of one of the servers have, because it looks like a setting of Claude Code. */
const HOST_VARIABLE = 'CLAUDE_CODE_DISABLE_TEST_HOST';

describeCluster('a server that is frozen in a turn', (world) => {
  it('writes nothing and answers nothing wrong when it continues', async () => {
    const site = await world.open();
    const client = world.client();
    const id = await client.create(site.at(0));
    const own = await client.follow(site.at(0), id);
    const reader = await client.follow(site.at(1), id);
    await client.say(site.at(0), id, 'long');
    await reader.next('message_delta');

    const frozenAt = performance.now();
    site.at(0).freeze();
    await interruptedWithin(reader, frozenAt, 'frozen');
    expect((await client.say(site.at(1), id, 'fail first')).status).toBe(204);
    await reader.until(() => count(reader.events, 'result') === 2);

    const before = reader.events.at(-1)?.id ?? 0;
    // These wait until it continues.
    const answers = [
      client.ask(site.at(0), 'GET', `/sessions/${id}`),
      client.say(site.at(0), id, 'fail second'),
    ];
    site.at(0).thaw();
    const [info, said] = await Promise.all(answers);
    expect(info?.status).toBe(200);
    expect(JSON.parse(info?.body ?? '')).toMatchObject({ session_id: id });
    const { last_id } = JSON.parse(info?.body ?? '') as { last_id: number };
    expect(last_id).toBeGreaterThanOrEqual(before);
    expect(said?.status).toBe(204);
    await reader.until(() => count(reader.events, 'result') === 3);
    await own.until(() => own.events.length === reader.events.length);
    expect(own.events).toEqual(reader.events);
    expect(checkIds(reader.events)).toEqual([]);
    expect(count(reader.events, 'turn_start')).toBe(3);
    // The number of subscribers is known to the other servers a moment later.
    await eventually(
      () => Promise.all(site.servers.map((one) => client.ask(one, 'GET', `/sessions/${id}`))),
      (infos) => new Set(infos.map(({ body }) => body)).size === 1,
      10_000,
    );
  }, 90_000);

  it('does not change the memory of the agent that took over', async () => {
    const agent = await RealAgent.create();
    try {
      const site = await world.open({ settings: agent.settings });
      const client = world.client();
      const id = await client.create(site.at(0));
      const reader = await client.follow(site.at(1), id);
      await client.say(site.at(0), id, 'hold first');
      await reader.next('message_delta');

      const frozenAt = performance.now();
      site.at(0).freeze();
      await interruptedWithin(reader, frozenAt, 'frozen, with the real agent');
      // Its agent still runs, and ends its turn.
      agent.release('first');
      await client.say(site.at(1), id, 'say second');
      await reader.until(() => count(reader.events, 'result') === 2);
      site.at(0).thaw();
      await client.say(site.at(0), id, 'say third');
      await reader.until(() => count(reader.events, 'result') === 3);

      // Another agent reads the memory from the storage.
      await Promise.all([site.at(1).kill(), site.at(2).kill()]);
      const messageId = randomUUID();
      // Until the lease of the killed servers lapses, there is no answer.
      await eventually(
        () => client.say(site.at(0), id, 'recall', messageId),
        ({ status }) => status === 204,
        20_000,
      );
      const own = await client.follow(site.at(0), id);
      await own.until(() => count(own.events, 'result') === 4);
      const answer = own.events.findLast(({ event }) => event === 'message_complete');
      expect(JSON.stringify(answer?.data)).toContain('say second | say third | recall');
    } finally {
      await world.clear();
      await agent.gone();
      await agent.close();
    }
  }, 120_000);

  it('ends its real agents when it continues', async () => {
    const agent = await RealAgent.create();
    try {
      const mark = randomUUID();
      const hosts = [{ settings: { [HOST_VARIABLE]: mark } }];
      const site = await world.open({ settings: agent.settings, hosts });
      const { find } = createProcessSweep(HOST_VARIABLE);
      const idle = (await find(mark)).length;
      const client = world.client();
      const id = await client.create(site.at(0));
      const reader = await client.follow(site.at(1), id);
      // The turn waits for the permission.
      await client.say(site.at(0), id, 'bash touch file');
      await reader.next('permission_request');
      expect((await find(mark)).length).toBeGreaterThan(idle);

      const frozenAt = performance.now();
      site.at(0).freeze();
      await interruptedWithin(reader, frozenAt, 'frozen, with the real agent');
      site.at(0).thaw();
      await eventually(async () => (await find(mark)).length <= idle);
      expect((await client.say(site.at(0), id, 'say done')).status).toBe(204);
      await reader.until(() => count(reader.events, 'result') === 2);
    } finally {
      await world.clear();
      await agent.gone();
      await agent.close();
    }
  }, 120_000);
});
