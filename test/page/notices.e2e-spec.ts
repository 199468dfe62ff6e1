import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { AgentWebkitModule } from '../../src/agent-webkit/agent-webkit.module.js';
import type { SDKMessage } from '../../src/agent-webkit/engine/agent-client.js';
import { AgentWebkitPageModule } from '../../src/page.js';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { type FakeAgentClient, fakeAgents } from '../support/fake-agent-client.js';
import * as sdk from '../support/sdk-messages.js';
import {
  apiRetry,
  compactBoundary,
  SAMPLES,
  status,
  thinkingTokens,
} from '../support/sdk-samples.js';
import { startApp, type TestApp } from '../support/start-app.js';
import { Viewer } from './viewer.js';

/** Returns the first sample of a kind of message. */
function first(kind: keyof typeof SAMPLES): SDKMessage {
  const [message] = SAMPLES[kind];
  if (message === undefined) throw new Error(`There is no sample of ${kind}.`);
  return message;
}

describeInChromium('the page, about what the agent does and waits for', () => {
  const agents = fakeAgents();
  let browser: Browser;
  let server: TestApp;
  let ann: Viewer;
  let agent: FakeAgentClient;
  beforeAll(async () => {
    const metadata = {
      imports: [
        AgentWebkitModule.forRoot({ auth: 'none', agent: { sdkFactory: agents.factory } }),
        AgentWebkitPageModule.forRoot({ path: '/agents' }),
      ],
    };
    [browser, server] = await Promise.all([launchChromium(), startApp({}, { metadata })]);
  });
  beforeEach(async () => {
    ann = await Viewer.open(browser, `${server.url}/agents`);
    await ann.startSession();
    await ann.say('go');
    await ann.seesText('go');
    agent = agents.newest();
    await agent.received(1);
  });
  afterEach(() => ann.close());
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('shows the present wait of the agent, and lasting notices in the conversation', async () => {
    const shows = async (...steps: [SDKMessage, string | RegExp][]) => {
      for (const [message, words] of steps) {
        agent.say(message);
        // oxlint-disable-next-line no-await-in-loop -- one step after the other
        await ann.sees(ann.tab.locator('.live, .items').getByText(words));
      }
    };
    await shows(
      [apiRetry(1), /^The model's API failed \(overloaded\). Retry 1 of 10/],
      [apiRetry(2, 'authentication_failed', 401), 'The server is not signed in.'],
      [thinkingTokens(120), /^Thinking \(about 120 tokens\)(?:, \d+ s)?$/],
      [status({ status: 'compacting' }), /^Summarizing the conversation, \d+ s$/],
    );
    await shows(
      [compactBoundary(), 'The conversation was summarized: 900 tokens became 90.'],
      [
        first('rate_limit_event'),
        /^The rate limit \(five hour\) is reached. It is reset at [^TZ]+$/,
      ],
      [first('system/permission_denied'), 'Bash was denied without a request: Bash(rm:*)'],
      [first('system/model_refusal_fallback'), 'The model a refused to answer. The agent asks b.'],
      [sdk.assistant([sdk.toolUse('Bash', { command: 'npm test' })]), /^Running npm test, \d+ s$/],
    );
    // The first message of the next conversation tells its id.
    agent.say(sdk.conversationReset(), { ...status({ status: 'requesting' }), session_id: 'next' });
    await ann.seesText('The conversation was cleared.');
    expect(ann.complaints).toEqual([]);
  });

  it('lists background tasks until they end, and stops one', async () => {
    agent.say(
      sdk.taskStarted('a', { description: 'npm run build' }),
      sdk.taskStarted('b', { description: 'npm test -- --watch' }),
      sdk.taskProgress('a'),
    );
    const tasks = ann.tab.getByRole('list', { name: 'Background tasks' });
    await ann.sees(tasks.getByText('npm test -- --watch'));
    await ann.button('Stop npm test -- --watch').click();
    await agent.called('stopTask b');
    agent.say(sdk.taskEnded('b', { status: 'stopped', summary: '' }));
    await ann.seesText('Background task “npm test -- --watch” was stopped.');
    expect(await tasks.getByRole('listitem').count()).toBe(1);
  });
});
