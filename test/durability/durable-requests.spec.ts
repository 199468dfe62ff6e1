import { createAgentClient, type Session } from '@agent-webkit/core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { QUESTIONS } from '../e2e/claude/model.js';
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
  describe(`a server with the real agent on ${name} whose durable request is open`, () => {
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
        AGENT_WEBKIT_DURABLE_TOOLS: 'Bash,AskUserQuestion',
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

    function open(session: Session, seen?: number): Tab {
      const tab = new Tab(session, seen);
      tabs.push(tab);
      return tab;
    }

    /** Asks for a call. Resolves when the request is open, and its agent waits. */
    async function ask(content: string, event = 'permission_request'): Promise<Tab> {
      const client = createAgentClient({ baseUrl: server.url });
      const tab = open(await client.createSession({}));
      await tab.turn('say before');
      await tab.session.send(content);
      await tab.asked(event);
      return tab;
    }

    /** Ends the server, removes the files of its agents, starts the next one and opens a tab on it. */
    async function replace({ id, lastId, session }: Tab, end: () => Promise<unknown>) {
      session.detach();
      await end();
      await agent.gone();
      await agent.forgetFiles();
      await server.start();
      const client = createAgentClient({ baseUrl: server.url });
      return open(client.attachSession(id, { resumeFromEventId: String(lastId) }), lastId);
    }

    /** Returns the content of a file that a session has made. */
    function made(file: string): string {
      const sessions = join(agent.workspace, 'sessions');
      const paths = readdirSync(sessions).map((id) => join(sessions, id, file));
      return paths.flatMap((path) => (existsSync(path) ? [readFileSync(path, 'utf8')] : [])).join();
    }

    it.each(['killed', 'stopped'])(
      'runs its call once after it was %s',
      async (how) => {
        const first = await ask('bash echo ran >> file');
        const { correlation_id: id } = first.all('permission_request')[0] ?? {};
        const end = () => (how === 'killed' ? server.kill() : server.stop());
        const second = await replace(first, end);
        expect(made('file')).toBe('');
        await second.session.approve(String(id));
        expect(await second.next('tool_result')).toMatchObject({ is_error: false });
        expect(await second.next('result')).toMatchObject({ subtype: 'success' });
        await second.turn('recall');
        expect(second.said().at(-1)).toMatch(/say before \| bash echo ran >> file \| .*recall/s);
        expect(made('file')).toBe('ran\n');
      },
      90_000,
    );

    it('passes on the answer to a question when it is killed after it has accepted that', async () => {
      const first = await ask('ask', 'ask_user_question');
      const { correlation_id: id } = first.all('ask_user_question')[0] ?? {};
      // No agent is left, so the answer waits for the start of one.
      const second = await replace(first, () => server.kill());
      await second.session.answer(String(id), { [String(QUESTIONS[0]?.question)]: 'red' });
      const third = await replace(second, () => server.kill());
      expect(await third.next('tool_result')).toMatchObject({
        tool_use_id: id,
        output: expect.stringContaining('red'),
        is_error: false,
      });
      expect(await third.next('result')).toMatchObject({ subtype: 'success' });
      expect(third.all('request_delivered')).toHaveLength(1);
    }, 90_000);

    it('runs its call at most once when it is killed after the answer', async () => {
      const first = await ask('bash echo ran >> file && sleep 60');
      const { correlation_id: id } = first.all('permission_request')[0] ?? {};
      await first.session.approve(String(id));
      // The call has begun, and has no result.
      await eventually(() => made('file') !== '');
      const second = await replace(first, () => server.kill());
      expect(await second.next('result')).toMatchObject({ subtype: 'error_during_execution' });
      await second.turn('recall');
      expect(made('file')).toBe('ran\n');
    }, 90_000);
  });
}
