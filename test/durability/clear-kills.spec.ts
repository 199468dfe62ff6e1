import { createAgentClient, type Session } from '@agent-webkit/core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { Tab } from '../e2e/claude/tab.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { RealAgent } from './real-agent.js';
import { RealServer } from './real-server.js';
import { DURABLE, type TestStorage, LEASE_MS } from './test-storage.js';

let sources: CompiledSources;
beforeAll(async () => {
  sources = await CompiledSources.create();
});
afterAll(() => sources.remove());

for (const { name, describe, create } of DURABLE) {
  describe(`a server with the real agent on ${name} that is killed after a conversation was cleared`, () => {
    let storage: TestStorage;
    let agent: RealAgent;
    let server: RealServer;
    let tabs: Tab[];
    beforeEach(async () => {
      tabs = [];
      storage = await create();
      agent = await RealAgent.create();
      const settings = {
        ...agent.settings,
        AGENT_WEBKIT_STORAGE: storage.setting,
        AGENT_WEBKIT_LEASE_MS: LEASE_MS,
      };
      server = new RealServer(sources, settings);
      await server.start();
    });
    afterEach(async () => {
      for (const { session } of tabs) session.detach();
      await server.close();
      await agent.gone();
      await agent.close();
      await storage.remove();
    });

    function open(session: Session, seen?: number): Tab {
      const tab = new Tab(session, seen);
      tabs.push(tab);
      return tab;
    }

    /** Kills the server, removes the files of its agents, starts the next server and opens a tab on it. */
    async function replace({ id, lastId, session }: Tab): Promise<Tab> {
      session.detach();
      await server.kill();
      await agent.gone();
      await agent.forgetFiles();
      await server.start();
      const client = createAgentClient({ baseUrl: server.url });
      return open(client.attachSession(id, { resumeFromEventId: String(lastId) }), lastId);
    }

    it('continues the new conversation, and deletes all of them with the session', async () => {
      const client = createAgentClient({ baseUrl: server.url });
      const first = open(await client.createSession({}));
      await first.turn('the old secret');
      await first.turn('/clear');
      await first.turn('the new secret');

      const second = await replace(first);
      await second.turn('recall');
      expect(second.said()).toEqual(['the new secret | recall']);

      // Killed while the first turn after the clearing waits for a permission.
      await second.turn('/clear');
      await second.session.send('bash touch secret');
      await second.asked();
      const third = await replace(second);
      await third.next('result');
      await third.turn('recall');
      // The agent may not have stored the message of the killed turn.
      expect(third.said().join()).toMatch(/^(bash touch secret \| )?.*recall$/s);
      expect(third.said().join()).not.toMatch(/new secret|old secret/);

      // Killed before the new conversation has a message.
      await third.turn('/clear');
      const fourth = await replace(third);
      await fourth.turn('recall');
      expect(fourth.said()).toEqual(['recall']);

      const resets = [first, second, third].flatMap((tab) => tab.all('conversation_reset'));
      const ids = resets.map((data) => String(data['conversation_id']));
      expect(ids).toHaveLength(3);
      const traces = async () => {
        const rows = await storage.rows();
        return rows.filter((row) =>
          [first.id, ...ids, 'secret'].some((word) => row.includes(word)),
        );
      };
      await server.kill();
      const before = (await traces()).join('\n');
      for (const word of [first.id, ...ids, 'old secret', 'new secret']) {
        expect(before).toContain(word);
      }
      await server.start();
      expect(await server.request('DELETE', `/sessions/${first.id}`)).toMatchObject({
        status: 204,
      });
      await server.kill();
      expect(await traces()).toEqual([]);
    }, 120_000);
  });
}
