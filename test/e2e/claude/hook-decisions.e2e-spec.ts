import { afterEach, describe, expect, it } from '@jest/globals';
import type { HookEvent } from '@anthropic-ai/claude-agent-sdk';
import { peopleDecide } from '../../../src/agent-webkit/agents/claude/people-decide.js';
import { ClaudeApp } from './claude-app.js';
import type { Tab } from './tab.js';

describe('A hook of the real agent that leaves its decision to people', () => {
  let app: ClaudeApp;
  let tab: Tab;
  const start = async (event: HookEvent, options?: Parameters<typeof peopleDecide>[1]) => {
    app = await ClaudeApp.start('express', {
      overrides: (agent) => ({ hooks: { [event]: [peopleDecide(agent, options)] } }),
    });
    tab = await app.open();
  };
  afterEach(async () => {
    expect(await app.close()).toEqual([]);
  });

  const requested = async (message: string) => {
    await tab.session.send(message);
    return tab.next('hook_decision_request');
  };
  const reply = ({ correlation_id }: Record<string, unknown>, fields: object) =>
    app.server.input(tab.id, { type: 'hook_decision_response', correlation_id, ...fields });

  it('runs the tool that a person allowed, without another request', async () => {
    await start('PreToolUse', { matcher: 'Bash' });
    const asked = await requested('bash touch allowed');
    expect(asked).toMatchObject({
      hook_event: 'PreToolUse',
      hook_input: { tool_name: 'Bash', tool_input: { command: 'touch allowed' } },
    });
    expect(JSON.stringify(asked)).not.toMatch(/transcript|\.jsonl/);
    expect(await app.server.info(tab.id)).toMatchObject({
      state: 'awaiting',
      pending: [{ event: 'hook_decision_request' }],
    });
    expect((await reply(asked, { behavior: 'allow' })).status).toBe(204);
    await tab.next('result');
    expect(app.isMade('allowed')).toBe(true);
    expect(tab.all('permission_request')).toEqual([]);
    expect(await tab.next('request_resolved')).toMatchObject({ kind: 'hook', outcome: 'allowed' });
  });

  it('does not run the tool that a person denied, and gives the reason to the agent', async () => {
    await start('PreToolUse');
    const asked = await requested('bash touch denied');
    await reply(asked, { behavior: 'deny', message: 'Not on a Friday.' });
    expect(JSON.stringify(await tab.next('tool_result'))).toContain('Not on a Friday.');
    await tab.next('result');
    expect(app.isMade('denied')).toBe(false);
  });

  it('asks only about the tools of its matcher', async () => {
    await start('PreToolUse', { matcher: 'Write' });
    await tab.session.send('bash touch other');
    await tab.session.approve(await tab.asked());
    await tab.next('result');
    expect(tab.all('hook_decision_request')).toEqual([]);
  });

  it('is cancelled by an interrupt, and the tool does not run', async () => {
    await start('PreToolUse');
    const asked = await requested('bash touch interrupted');
    await tab.session.interrupt();
    await tab.next('result');
    expect(await tab.next('request_resolved')).toMatchObject({
      correlation_id: asked['correlation_id'],
      outcome: 'cancelled',
    });
    expect((await reply(asked, { behavior: 'allow' })).status).toBe(409);
    expect(app.isMade('interrupted')).toBe(false);
  });

  it('keeps a message from the model that a person did not allow', async () => {
    await start('UserPromptSubmit');
    const first = await requested('a secret');
    expect(first['hook_input']).toMatchObject({ prompt: 'a secret' });
    await reply(first, { behavior: 'deny' });
    await tab.next('result');
    expect(app.asked('a secret')).toEqual([]);
    await reply(await requested('no secret'), { behavior: 'allow' });
    await tab.next('result');
    expect(tab.said().at(-1)).toBe('heard no secret');
  });

  it('ends the turn at an event about which people cannot decide', async () => {
    await start('Stop');
    await tab.turn('hi');
    expect(tab.all('hook_decision_request')).toEqual([]);
  });
});
