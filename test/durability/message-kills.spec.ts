import { randomUUID } from 'node:crypto';
import { createAgentClient } from '@agent-webkit/core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { Tab } from '../e2e/claude/tab.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { RealAgent } from './real-agent.js';
import { RealServer } from './real-server.js';
import { DURABLE, LEASE_MS, type TestStorage } from './test-storage.js';

let sources: CompiledSources;
beforeAll(async () => {
  sources = await CompiledSources.create();
});
afterAll(() => sources.remove());

for (const { name, describe, create } of DURABLE) {
  describe(`a server with the real agent on ${name} that is killed`, () => {
    let storage: TestStorage;
    let agent: RealAgent;
    let server: RealServer;
    let tabs: Tab[];
    beforeEach(async () => {
      tabs = [];
      storage = await create();
      agent = await RealAgent.create();
      server = new RealServer(sources, {
        ...agent.settings,
        AGENT_WEBKIT_STORAGE: storage.setting,
        AGENT_WEBKIT_LEASE_MS: LEASE_MS,
      });
      await server.start();
    });
    afterEach(async () => {
      for (const { session } of tabs) session.detach();
      await server.close();
      await agent.gone();
      await agent.close();
      await storage.remove();
    });

    function open(id?: string, after?: number): Tab {
      const client = createAgentClient({ baseUrl: server.url });
      const seen = after === undefined ? {} : { resumeFromEventId: String(after) };
      const tab = new Tab(client.attachSession(String(id), seen), after);
      tabs.push(tab);
      return tab;
    }

    async function begin(): Promise<Tab> {
      const session = await createAgentClient({ baseUrl: server.url }).createSession({});
      const tab = new Tab(session);
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
      return open(id, lastId);
    }

    async function post({ id }: Tab, message: object): Promise<void> {
      const answer = await server.request('POST', `/sessions/${id}/input`, {
        type: 'user_message',
        ...message,
      });
      expect(answer?.status).toBe(204);
    }

    /** Sends `recall` when nothing runs any more, and returns the messages of the user that the model gets. */
    async function recall(tab: Tab): Promise<string> {
      await eventually(async () => {
        const answer = await server.request('GET', `/sessions/${tab.id}`);
        const { state } = JSON.parse(answer?.body ?? '{}') as { state?: string };
        return state === 'idle' || state === 'dormant';
      });
      await tab.turn('recall');
      const messages = agent.requests.at(-1)?.messages ?? [];
      return JSON.stringify(messages.filter(({ role }) => role === 'user'));
    }

    it.each(['at once', 'while it asks'])(
      'after a message has replaced another one, %s, forgets what was replaced',
      async (moment) => {
        const first = await begin();
        await first.turn('the first');
        await first.turn('the wrong one');
        await first.turn('the end of it');
        const replaces = String(first.all('user_message')[1]?.['message_id']);
        await post(first, { content: 'bash touch better', replaces });
        if (moment === 'while it asks') await first.asked();
        const second = await replace(first);
        if (moment === 'at once') {
          // It was cut off, or starts now.
          const ended = () => second.all('result').length > 0 || first.all('result').length > 3;
          await second.until(() => ended() || second.all('permission_request').length > 0);
          if (!ended()) await second.session.interrupt();
        }
        const remembered = await recall(second);
        expect(remembered).toContain('the first');
        expect(remembered).not.toMatch(/the wrong one|the end of it/);
        const third = await replace(second);
        expect(await recall(third)).not.toMatch(/the wrong one|the end of it/);
      },
      120_000,
    );

    it.each(['before', 'after'])(
      'with a message for the next step, %s the model has it, loses it not and doubles it not',
      async (moment) => {
        const first = await begin();
        await first.session.send('bash touch made');
        const correlation_id = await first.asked();
        const message_id = randomUUID();
        await post(first, { content: 'and go left', message_id, delivery: 'next_step' });
        if (moment === 'after') {
          await server.request('POST', `/sessions/${first.id}/input`, {
            type: 'permission_response',
            correlation_id,
            behavior: 'allow',
          });
          await eventually(() => JSON.stringify(agent.requests).includes('and go left'));
        }
        const second = await replace(first);
        const isOf = ({ message_id: id }: Record<string, unknown>) => id === message_id;
        const taken = () =>
          [first, second].flatMap((tab) =>
            [...tab.all('message_delivered'), ...tab.all('turn_start')].filter(isOf),
          );
        await second.until(() => taken().length > 0);
        const remembered = await recall(second);
        expect(remembered.split('and go left')).toHaveLength(2);
        expect(taken()).toHaveLength(1);
      },
      120_000,
    );
  });
}
