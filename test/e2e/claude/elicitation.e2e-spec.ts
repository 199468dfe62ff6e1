import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RequestDecision } from '../../../src/agent-webkit/engine/session/decision.js';
import { ELICITING_SERVER } from '../../support/eliciting-server.js';
import { eventually } from '../../support/eventually.js';
import { ClaudeApp } from './claude-app.js';
import type { Tab } from './tab.js';

const FORM = {
  message: 'Who is the customer?',
  requestedSchema: {
    type: 'object',
    properties: {
      name: { type: 'string', title: 'Name', minLength: 2 },
      size: { type: 'string', enum: ['small', 'large'] },
    },
    required: ['name'],
  },
};
const PAGE = { mode: 'url', message: 'Sign in', url: 'https://example.com/login' };

describe('An MCP server of the real agent that asks the user', () => {
  const decisions: RequestDecision[] = [];
  let app: ClaudeApp;
  let tab: Tab;
  beforeAll(async () => {
    app = await ClaudeApp.start('express', {
      hooks: { onDecision: (decision) => void decisions.push(decision) },
      overrides: {
        mcpServers: { crm: { command: process.execPath, args: ['-e', ELICITING_SERVER] } },
        allowedTools: ['mcp__crm'],
      },
    });
    tab = await app.open();
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  const request = async (tool: string, input: object) => {
    await tab.session.send(`use mcp__crm__${tool} ${JSON.stringify(input)}`);
    return tab.next('elicitation_request');
  };
  const reply = (asked: Record<string, unknown>, fields: object) =>
    app.server.input(tab.id, {
      type: 'elicitation_response',
      correlation_id: asked['correlation_id'],
      ...fields,
    });
  /** Resolves to the output of the tool: the reply that the MCP server received. */
  const output = async (): Promise<unknown> => {
    const { output: content } = await tab.next('tool_result');
    await tab.next('result');
    const [{ text = '' } = {}] = content as { text?: string }[];
    return JSON.parse(text);
  };

  it('gets the values of the form that a person has filled in', async () => {
    const asked = await request('elicit', FORM);
    expect(asked).toMatchObject({
      server_name: 'crm',
      mode: 'form',
      message: FORM.message,
      requested_schema: FORM.requestedSchema,
    });
    expect(await app.server.info(tab.id)).toMatchObject({
      state: 'awaiting',
      pending: [{ event: 'elicitation_request', correlation_id: asked['correlation_id'] }],
    });
    const refused = await reply(asked, { action: 'accept', content: { name: 'A' } });
    expect(refused).toMatchObject({ status: 400 });
    const content = { name: 'Ada', size: 'large' };
    expect((await reply(asked, { action: 'accept', content })).status).toBe(204);
    expect(await output()).toEqual({ action: 'accept', content });
    expect(await tab.next('request_resolved')).toMatchObject({
      kind: 'elicitation',
      outcome: 'answered',
    });
    expect(decisions.at(-1)).toMatchObject({
      kind: 'elicitation',
      toolName: 'mcp__crm',
      updatedInput: { message: FORM.message, content },
    });
  });

  it.each(['decline', 'cancel'])('learns that a person has chosen to %s', async (action) => {
    expect((await reply(await request('elicit', FORM), { action })).status).toBe(204);
    expect(await output()).toEqual({ action });
  });

  it('sends a person to a page, and reports when that is done', async () => {
    const asked = await request('elicit', { ...PAGE, elicitationId: 'visit' });
    expect(asked).toMatchObject({ mode: 'url', url: PAGE.url, elicitation_id: 'visit' });
    await reply(asked, { action: 'accept' });
    expect(await output()).toEqual({ action: 'accept' });
    await tab.session.send('use mcp__crm__complete {"elicitationId":"visit"}');
    expect(await tab.next('elicitation_complete')).toMatchObject({
      server_name: 'crm',
      elicitation_id: 'visit',
    });
    await output();
  });

  it('requires a visit by an error, and its tool is called again afterwards', async () => {
    const asked = await request('require', { url: PAGE.url });
    expect(asked).toMatchObject({ mode: 'url', url: PAGE.url });
    await reply(asked, { action: 'accept' });
    expect(await output()).toBe('done');
  });

  it('cannot show an address that a browser would execute', async () => {
    const before = tab.all('elicitation_request').length;
    const url = 'javascript:alert(1)';
    await tab.session.send(
      `use mcp__crm__elicit ${JSON.stringify({ ...PAGE, url, elicitationId: 'bad' })}`,
    );
    expect(await output()).toEqual({ action: 'cancel' });
    expect(tab.all('elicitation_request')).toHaveLength(before);
  });

  it('can withdraw its request', async () => {
    const asked = await request('elicit', { ...FORM, withdraw_after_ms: 300 });
    expect(await output()).toBe('withdrawn');
    await tab.until(() =>
      tab
        .all('request_resolved')
        .some((data) => data['correlation_id'] === asked['correlation_id']),
    );
    expect(tab.all('request_resolved').at(-1)).toMatchObject({ outcome: 'cancelled' });
    expect((await reply(asked, { action: 'decline' })).status).toBe(409);
  });

  it('has its request cancelled by an interrupt, and the agent goes on with the next message', async () => {
    const asked = await request('elicit', FORM);
    await tab.session.interrupt();
    await tab.next('result');
    expect(tab.all('request_resolved').at(-1)).toMatchObject({
      correlation_id: asked['correlation_id'],
      outcome: 'cancelled',
    });
    expect(await tab.turn('after')).toMatchObject({ subtype: 'success' });
    expect(tab.said().at(-1)).toBe('heard after');
  });

  it('has its request cancelled when the agent is killed', async () => {
    const asked = await request('elicit', FORM);
    await app.killAgent(tab.id);
    await tab.next('session_state');
    expect(tab.all('request_resolved').at(-1)).toMatchObject({
      correlation_id: asked['correlation_id'],
      outcome: 'cancelled',
    });
    await eventually(async () => (await app.server.info(tab.id))['state'] === 'dormant');
    expect((await reply(asked, { action: 'decline' })).status).toBe(409);
  });
});
