import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { AgentWebkitModule } from '../../src/agent-webkit/agent-webkit.module.js';
import { AgentWebkitPageModule } from '../../src/page.js';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { type FakeAgentClient, fakeAgents } from '../support/fake-agent-client.js';
import { startApp, type TestApp } from '../support/start-app.js';
import { Viewer } from './viewer.js';

describeInChromium('the page, about a request that needs several approvals', () => {
  const agents = fakeAgents();
  let browser: Browser;
  let server: TestApp;
  let ann: Viewer;
  let agent: FakeAgentClient;
  let id: string;
  beforeAll(async () => {
    const metadata = {
      imports: [
        AgentWebkitModule.forRoot({
          auth: { tokens: ['ann:ann', 'bob:bob', 'cy:cy'] },
          hooks: { canAccess: () => true },
          agent: { sdkFactory: agents.factory },
          requests: { approvals: { Pay: { required: 3 } } },
        }),
        AgentWebkitPageModule.forRoot({ path: '/agents' }),
      ],
    };
    [browser, server] = await Promise.all([launchChromium(), startApp({}, { metadata })]);
  });
  beforeEach(async () => {
    ann = await Viewer.open(browser, `${server.url}/agents#token=ann`);
    id = String((await as('ann', 'POST', '/sessions', {})).body['session_id']);
    await as('ann', 'POST', `/sessions/${id}/input`, { type: 'user_message', content: 'go' });
    agent = agents.newest();
    await agent.received(1);
  });
  afterEach(() => ann.close());
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const as = (token: string, method: string, path: string, body: object) =>
    server.request(method, path, body, { authorization: `Bearer ${token}` });
  const approve = async (token: string) => {
    const reply = { type: 'permission_response', correlation_id: 't1', behavior: 'allow' };
    expect((await as(token, 'POST', `/sessions/${id}/input`, reply)).status).toBe(204);
  };

  it('shows in the list and in the card who has approved it', async () => {
    const item = ann.tab.getByRole('region', { name: 'Open requests' }).getByRole('button');
    const answered = agent.ask('Pay', {}, { toolUseID: 't1' });
    await ann.sees(item.getByText(/^0 of 3 approvals$/));
    await approve('bob');
    await ann.sees(item.getByText(/^1 of 3 approvals, approved by bob$/));
    await item.click();
    const card = (words: string) => ann.card.getByText(`${words}. One denial decides.`);
    await ann.sees(card('1 of 3 approvals, approved by bob'));
    await approve('cy');
    await ann.sees(card('2 of 3 approvals, approved by bob, cy'));
    await ann.sees(item.getByText(/^2 of 3 approvals, approved by bob, cy$/));
    await ann.button(/^Allow/).click();
    expect(await answered).toMatchObject({ behavior: 'allow' });
    await ann.seesNo(item);
    expect(ann.complaints).toEqual([]);
  });
});
