import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Elicitation } from '../../../src/agent-webkit/engine/agent-asks.js';
import type { AnsweredRequest } from '../../../src/agent-webkit/engine/session/answering.js';
import { invalid, refused } from '../../support/refused.js';
import type { SseClient } from '../../support/sse-client.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';

const FORM: Elicitation = {
  serverName: 'crm',
  message: 'Who is the customer?',
  requestedSchema: {
    type: 'object',
    properties: { name: { type: 'string' }, age: { type: 'integer', minimum: 18 } },
    required: ['name'],
  },
};
const PAGE: Elicitation = {
  serverName: 'my crm',
  message: 'Sign in',
  mode: 'url',
  url: 'https://example.com/a b',
  elicitationId: 'e1',
};

describe.each(ADAPTERS)('Elicitations on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  let id: string;
  let stream: SseClient;
  let answered: AnsweredRequest[];
  let canAnswer: boolean;
  beforeEach(async () => {
    answered = [];
    canAnswer = true;
    const hooks = {
      canAnswer: (request: AnsweredRequest) => {
        answered.push(request);
        return canAnswer;
      },
    };
    ({ server, agents } = await startFakeApp(
      { auth: { tokens: ['ann:t'] }, hooks },
      { adapter, headers: { authorization: 'Bearer t' } },
    ));
    id = await server.createSession();
    stream = await server.stream(id);
    await server.say(id, 'go');
    await agents.newest().received(1);
  });
  afterEach(() => server.close());

  const ask = async (asked: Elicitation, signal?: AbortSignal) => {
    const result = agents.newest().askPeople('elicitation', asked, signal);
    const { data } = await stream.next('elicitation_request');
    const reply = (fields: object) =>
      server.input(id, {
        type: 'elicitation_response',
        correlation_id: data['correlation_id'],
        ...fields,
      });
    return { result, data, reply };
  };

  it('are published with everything the MCP server sent, and are pending until a reply', async () => {
    const { data, reply, result } = await ask({
      ...FORM,
      title: 'Customer',
      displayName: 'CRM',
      description: 'Looks up a customer.',
    });
    expect(data).toEqual({
      correlation_id: expect.stringMatching(/./),
      server_name: 'crm',
      message: FORM.message,
      mode: 'form',
      requested_schema: FORM.requestedSchema,
      title: 'Customer',
      display_name: 'CRM',
      description: 'Looks up a customer.',
      input_digest: expect.stringMatching(/^sha256:/),
    });
    const pending = [{ event: 'elicitation_request', ...data }];
    expect(await server.info(id)).toMatchObject({ state: 'awaiting', pending });
    const content = { name: 'Ada', age: 36 };
    expect((await reply({ action: 'accept', content })).status).toBe(204);
    expect(await result).toEqual({ action: 'accept', content });
    expect((await stream.next('request_resolved')).data).toMatchObject({
      correlation_id: data['correlation_id'],
      kind: 'elicitation',
      outcome: 'answered',
      by: 'ann',
      input_digest: data['input_digest'],
      updated_input: { server_name: 'crm', content },
    });
    expect(await server.info(id)).toMatchObject({ state: 'running', pending: [] });
  });

  it.each([
    ['decline', 'denied'],
    ['cancel', 'cancelled'],
  ])('end with the choice to %s', async (action, outcome) => {
    const { result, reply } = await ask(FORM);
    expect((await reply({ action })).status).toBe(204);
    expect(await result).toEqual({ action });
    expect((await stream.next('request_resolved')).data).toMatchObject({ outcome, by: 'ann' });
  });

  it('with a page have its address as a browser reads it, and no values', async () => {
    const { data, result, reply } = await ask(PAGE);
    expect(data).toMatchObject({ mode: 'url', url: 'https://example.com/a%20b' });
    expect(data).not.toHaveProperty('requested_schema');
    expect(await reply({ action: 'accept', content: {} })).toMatchObject(invalid('content'));
    expect((await reply({ action: 'accept' })).status).toBe(204);
    expect(await result).toEqual({ action: 'accept' });
  });

  it.each([['javascript:alert(1)'], ['file:///etc/passwd'], ['no address'], [undefined]])(
    'with the address %s are not shown',
    async (url) => {
      const { url: _, ...page } = PAGE;
      const asked = { ...page, ...(url !== undefined && { url }) };
      const result = await agents.newest().askPeople('elicitation', asked);
      expect(result).toEqual({ action: 'cancel' });
      expect(await server.info(id)).toMatchObject({ state: 'running', pending: [] });
    },
  );

  it('take the first of two replies', async () => {
    const { reply } = await ask(FORM);
    const both = await Promise.all([reply({ action: 'decline' }), reply({ action: 'cancel' })]);
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([204, 409]);
  });

  it('take a reply only for the request that the user saw', async () => {
    const { data, reply } = await ask(FORM);
    const other = `sha256:${'0'.repeat(64)}`;
    expect(await reply({ action: 'decline', input_digest: other })).toMatchObject(
      refused(409, 'input_changed', /./),
    );
    const { input_digest } = data;
    expect((await reply({ action: 'decline', input_digest })).status).toBe(204);
  });

  it.each([
    ['action', {}],
    ['action', { action: 'allow' }],
    ['content', { action: 'decline', content: {} }],
    ['content', { action: 'accept', content: [] }],
    ['content.name', { action: 'accept', content: { name: null } }],
    ['content.name', { action: 'accept', content: { name: { first: 'Ada' } } }],
    ['content.name[0]', { action: 'accept', content: { name: [1] } }],
    ['content.name', { action: 'accept' }],
    ['content.name', { action: 'accept', content: { name: 5 } }],
    ['content.age', { action: 'accept', content: { name: 'Ada', age: 17 } }],
  ])('answer 400 to an invalid %s, and stay open: %j', async (field, fields) => {
    const { result, reply } = await ask(FORM);
    expect(await reply(fields)).toMatchObject(invalid(field));
    expect(await server.info(id)).toMatchObject({ state: 'awaiting' });
    await reply({ action: 'decline' });
    expect(await result).toEqual({ action: 'decline' });
  });

  it('are not answered by the reply to a permission request, and the reverse', async () => {
    const { data } = await ask(FORM);
    const { correlation_id } = data;
    const deny = { type: 'permission_response', correlation_id, behavior: 'deny' };
    expect(await server.input(id, deny)).toMatchObject(invalid('elicitation_response'));
    void agents.newest().ask('Bash', {}, { toolUseID: 't1' });
    await stream.next('permission_request');
    const accept = { type: 'elicitation_response', correlation_id: 't1', action: 'accept' };
    expect(await server.input(id, accept)).toMatchObject(invalid('permission_response'));
  });

  it('are cancelled when the agent withdraws them, and by an interrupt', async () => {
    const withdrawal = new AbortController();
    const first = await ask(FORM, withdrawal.signal);
    withdrawal.abort();
    expect(await first.result).toEqual({ action: 'cancel' });
    const second = await ask(FORM);
    expect((await server.input(id, { type: 'interrupt' })).status).toBe(204);
    expect(await second.result).toEqual({ action: 'cancel' });
    for (const { data } of [first, second]) {
      // oxlint-disable-next-line no-await-in-loop -- in the order of the events
      const resolved = (await stream.next('request_resolved')).data;
      expect(resolved).toMatchObject({
        correlation_id: data['correlation_id'],
        kind: 'elicitation',
        outcome: 'cancelled',
      });
      expect(resolved).not.toHaveProperty('by');
    }
    expect(await second.reply({ action: 'decline' })).toMatchObject(
      refused(409, 'no_pending_request', /pending/),
    );
  });

  it('are answered by those whom the host permits, which learns the MCP server by the name of its rules', async () => {
    canAnswer = false;
    const { reply } = await ask(PAGE);
    expect(await reply({ action: 'accept' })).toMatchObject(refused(403, 'forbidden', /answer/));
    canAnswer = true;
    expect((await reply({ action: 'decline' })).status).toBe(204);
    expect(answered).toMatchObject([
      { kind: 'elicitation', toolName: 'mcp__my_crm', answer: 'answers', owner: 'ann' },
      { kind: 'elicitation', answer: 'deny', input: { message: 'Sign in', mode: 'url' } },
    ]);
    expect(answered[0]?.input).not.toHaveProperty('correlation_id');
  });
});
