import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { AgentWebkitModule } from '../../src/agent-webkit/agent-webkit.module.js';
import { AgentWebkitPageModule } from '../../src/page.js';
import { type Script, scriptedSdkFactory } from '../../src/testing.js';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { startApp, type TestApp } from '../support/start-app.js';
import { Viewer } from './viewer.js';

const STEPS = 400;
const WORDS = Array.from({ length: 20 }, (_, index) => `word${index} `);

/** A session of about 10,000 events, or a tool call with permission suggestions. */
const script: Script = async (turn) => {
  if (turn.input.text === 'ask') {
    const use = () =>
      turn.useTool(
        'Bash',
        { command: 'ls' },
        { context: { suggestions: [SUGGESTION] }, run: () => 'listed' },
      );
    await use();
    await turn.say('Done.');
    return;
  }
  if (turn.input.text === 'plan') {
    const outcome = await turn.useTool('ExitPlanMode', { plan: PLAN }, { run: () => 'approved' });
    await turn.say(outcome.allowed ? 'I begin.' : `I plan again: ${outcome.message}`);
    return;
  }
  if (turn.input.text === 'no plan') {
    const outcome = await turn.useTool('ExitPlanMode', {}, { run: () => 'approved' });
    await turn.say(outcome.allowed ? 'I begin.' : `Not approved: ${outcome.message}`);
    return;
  }
  if (turn.input.text === 'late') {
    await turn.useTool('mcp__pay__send', {}, { run: () => 'sent' });
    return;
  }
  if (turn.input.text === 'danger') {
    const context = {
      suggestions: [SUGGESTION],
      defaultToNo: true,
      suppressAlwaysAllowRule: true,
      mcpServer: { name: 'crm', source: 'sdk' },
    };
    await turn.useTool('mcp__crm__drop', {}, { context, run: () => 'dropped' });
    return;
  }
  for (let step = 1; step <= STEPS; step += 1) {
    /* oxlint-disable no-await-in-loop -- one step after the other */
    await turn.say([`Step ${step}: `, ...WORDS]);
    await turn.useTool(
      'Read',
      { file_path: `${step}.txt` },
      { ask: false, run: () => `Content ${step}` },
    );
    /* oxlint-enable no-await-in-loop */
  }
};

const PLAN = '# Move the shop\n\n1. Copy the **orders**.\n2. Switch the address.';

const SUGGESTION = {
  type: 'addRules' as const,
  behavior: 'allow' as const,
  destination: 'localSettings' as const,
  rules: [{ toolName: 'Bash', ruleContent: 'ls:*' }],
};

describeInChromium('the page in another app, under a path of its own', () => {
  let browser: Browser;
  let server: TestApp;
  let ann: Viewer;
  beforeAll(async () => {
    const metadata = {
      imports: [
        AgentWebkitModule.forRoot({
          auth: 'none',
          retention: { maxEvents: 20_000 },
          agent: { sdkFactory: scriptedSdkFactory(script) },
          requests: { escalation: { 'mcp__pay__*': { afterMs: 1, to: () => ['bob', 'cy'] } } },
        }),
        AgentWebkitPageModule.forRoot({ path: '/agents' }),
      ],
    };
    [browser, server] = await Promise.all([
      launchChromium(),
      startApp(
        {},
        {
          adapter: 'fastify',
          prefix: '/api',
          metadata,
          configure: (app) => app.setGlobalPrefix('api'),
        },
      ),
    ]);
  });
  afterEach(() => ann.close());
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it('works without a token when the host requires none, and always allows suggested permissions', async () => {
    ann = await Viewer.open(browser, `${server.url}/agents`);
    await ann.startSession();
    await ann.say('ask');
    await ann.sees(
      ann.tab.getByText('Always, in this session: allow commands that begin with “ls”'),
    );
    await ann.button('Always allow').click();
    await ann.seesText('Done.');
    await ann.seesNo(ann.card);
  });

  it('shows a plan as Markdown, sends it back with a wish, and approves it', async () => {
    ann = await Viewer.open(browser, `${server.url}/agents`);
    await ann.startSession();
    await ann.say('plan');
    await ann.sees(ann.card.locator('.plan-text strong', { hasText: 'orders' }));
    await ann.tab.getByLabel(/^What to change/).fill('Smaller steps');
    await ann.button('Keep planning').click();
    await ann.seesText(/I plan again: .*Smaller steps/);
    await ann.say('plan');
    await ann.button(/^Approve/).click();
    await ann.seesText('I begin.');
    expect(ann.complaints).toEqual([]);
  });

  it('shows to whom a request was escalated', async () => {
    ann = await Viewer.open(browser, `${server.url}/agents`);
    await ann.startSession();
    await ann.say('late');
    await ann.sees(ann.card.getByText('Escalated to bob, cy.'));
    await ann.tab.reload();
    await ann.sees(ann.card.getByText('Escalated to bob, cy.'));
    await ann.button(/^Allow/).click();
    await ann.seesNo(ann.card);
  });

  it('does not offer to approve a plan that is not known', async () => {
    ann = await Viewer.open(browser, `${server.url}/agents`);
    await ann.startSession();
    await ann.say('no plan');
    await ann.sees(ann.card.getByText('The server does not have the plan'));
    expect(await ann.card.getByRole('button', { name: /Approve/ }).count()).toBe(0);
    await ann.button('Ask for the plan').click();
    await ann.seesText(/Not approved: .*Write it to the plan file again/);
  });

  it('offers no shortcut and no permanent permission where the agent forbids them', async () => {
    ann = await Viewer.open(browser, `${server.url}/agents`);
    await ann.startSession();
    await ann.say('danger');
    await ann.sees(ann.card.getByText('MCP server: crm'));
    expect(await ann.button('Always allow').count()).toBe(0);
    await ann.button(/^Deny/).focus();
    await ann.tab.keyboard.press('a');
    await ann.sees(ann.card);
    await ann.button('Allow').click();
    await ann.seesNo(ann.card);
  });

  it('shows the permission mode that another client sets', async () => {
    const id = await server.createSession({});
    ann = await Viewer.open(browser, `${server.url}/agents#session=${id}`);
    const modeIs = (mode: string) =>
      ann.sees(ann.tab.locator(`.mode select:has(option[value=${mode}]:checked)`));
    await modeIs('default');
    for (const mode of ['plan', 'acceptEdits']) {
      // oxlint-disable-next-line no-await-in-loop -- one change after the other
      await server.input(id, { type: 'set_permission_mode', mode });
      // oxlint-disable-next-line no-await-in-loop -- as above
      await modeIs(mode);
    }
  });

  it('draws only the visible part of a session of 10,000 events, and the rest on scrolling', async () => {
    const id = await server.createSession({ include_partial_messages: true });
    await server.say(id, 'go');
    ann = await Viewer.open(browser, `${server.url}/agents#session=${id}`);
    await ann.sees(ann.results);
    await ann.button('Events').click();
    const events = Number(await ann.tab.locator('.events .count').innerText());
    expect(events).toBeGreaterThan(10_000);
    expect(await ann.conversation.locator('.item').count()).toBeLessThan(100);
    expect(await ann.tab.locator('.row').count()).toBeLessThan(100);

    await ann.seesText(`Step ${STEPS}: word0`);
    for (
      let scrolls = 0;
      (await ann.conversation.getByText('Step 1: word0').count()) === 0;
      scrolls += 1
    ) {
      expect(scrolls).toBeLessThan(100);
      await ann.conversation.evaluate('document.querySelector(".items").scrollTop = 0');
      await ann.conversation.locator('.item').first().innerText();
    }
    await ann.button(/To the end/).click();
    await ann.seesText(`Step ${STEPS}: word0`);
    await ann.tab.getByLabel('Filter events').fill(`file_path ${STEPS}.txt tool_use`);
    await ann.sees(ann.tab.getByText(new RegExp(`^\\d of ${events}$`)));
  });
});
