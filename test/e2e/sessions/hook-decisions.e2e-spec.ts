import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AnsweredRequest } from '../../../src/agent-webkit/engine/session/answering.js';
import { invalid } from '../../support/refused.js';
import type { SseClient } from '../../support/sse-client.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';

const INPUT = { hook_event_name: 'PreToolUse', tool_name: 'Bash', tool_input: { command: 'ls' } };

describe.each(ADAPTERS)('The decisions of hooks on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  let id: string;
  let stream: SseClient;
  const answered: AnsweredRequest[] = [];
  beforeEach(async () => {
    const hooks = { canAnswer: (request: AnsweredRequest) => answered.push(request) > 0 };
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

  const ask = async (event = 'PreToolUse', input: Record<string, unknown> = INPUT) => {
    const result = agents.newest().askPeople('hook', { event, input });
    const { data } = await stream.next('hook_decision_request');
    const { correlation_id } = data;
    const reply = (fields: object) =>
      server.input(id, { type: 'hook_decision_response', correlation_id, ...fields });
    return { result, data, reply };
  };

  it('are published with the input of the hook, and are pending until a person has decided', async () => {
    const { data, result, reply } = await ask();
    expect(data).toEqual({
      correlation_id: expect.stringMatching(/./),
      hook_event: 'PreToolUse',
      hook_input: INPUT,
      input_digest: expect.stringMatching(/^sha256:/),
    });
    const pending = [{ event: 'hook_decision_request', ...data }];
    expect(await server.info(id)).toMatchObject({ state: 'awaiting', pending });
    expect((await reply({ behavior: 'allow' })).status).toBe(204);
    expect(await result).toEqual({ behavior: 'allow' });
    expect((await stream.next('request_resolved')).data).toMatchObject({
      kind: 'hook',
      outcome: 'allowed',
      by: 'ann',
    });
    expect(answered.at(-1)).toMatchObject({ kind: 'hook', toolName: 'Bash', answer: 'allow' });
    expect((await reply({ behavior: 'deny' })).status).toBe(409);
  });

  it('have the reason of a denial, or a default one', async () => {
    const first = await ask('UserPromptSubmit', { prompt: 'hi' });
    await first.reply({ behavior: 'deny', message: 'Not today.' });
    expect(await first.result).toEqual({ behavior: 'deny', message: 'Not today.' });
    expect(answered.at(-1)).toMatchObject({ toolName: 'UserPromptSubmit', answer: 'deny' });
    const second = await ask();
    await second.reply({ behavior: 'deny' });
    expect(await second.result).toEqual({ behavior: 'deny', message: 'The user denied this.' });
  });

  it('are denials when they are cancelled', async () => {
    const { result } = await ask();
    await server.input(id, { type: 'interrupt' });
    expect(await result).toMatchObject({ behavior: 'deny', message: expect.stringMatching(/./) });
    expect((await stream.next('request_resolved')).data).toMatchObject({ outcome: 'cancelled' });
  });

  it.each([
    ['behavior', {}],
    ['behavior', { behavior: 'completed' }],
    ['message', { behavior: 'allow', message: 'go on' }],
    ['message', { behavior: 'deny', message: 5 }],
    ['input_digest', { behavior: 'allow', input_digest: 'none' }],
  ])('answer 400 to an invalid %s, and stay open: %j', async (field, fields) => {
    const { result, reply } = await ask();
    expect(await reply(fields)).toMatchObject(invalid(field));
    await reply({ behavior: 'allow' });
    expect(await result).toEqual({ behavior: 'allow' });
  });
});
