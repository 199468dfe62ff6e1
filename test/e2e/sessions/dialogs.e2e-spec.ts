import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentDialog } from '../../../src/agent-webkit/engine/agent-asks.js';
import type { AnsweredRequest } from '../../../src/agent-webkit/engine/session/answering.js';
import type { RequestDecision } from '../../../src/agent-webkit/engine/session/decision.js';
import { invalid } from '../../support/refused.js';
import type { SseClient } from '../../support/sse-client.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';

const TERMS: AgentDialog = {
  dialogKind: 'terms',
  payload: { version: 3, nested: { a: [1] } },
  toolUseID: 'toolu_1',
};

describe.each(ADAPTERS)('Dialogs on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  let id: string;
  let stream: SseClient;
  const answered: AnsweredRequest[] = [];
  const decisions: RequestDecision[] = [];
  beforeEach(async () => {
    const hooks = {
      canAnswer: (request: AnsweredRequest) => answered.push(request) > 0,
      onDecision: (decision: RequestDecision) => void decisions.push(decision),
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

  const ask = async (signal?: AbortSignal) => {
    const result = agents.newest().askPeople('dialog', TERMS, signal);
    const { data } = await stream.next('dialog_request');
    const reply = (fields: object) =>
      server.input(id, {
        type: 'dialog_response',
        correlation_id: data['correlation_id'],
        ...fields,
      });
    return { result, data, reply };
  };

  it.each([['yes'], [null], [{ version: 3, ok: true }], [[1, 'a']], [false]])(
    'return the choice %j of a person to the agent',
    async (choice) => {
      const { data, result, reply } = await ask();
      expect(data).toEqual({
        correlation_id: expect.stringMatching(/./),
        dialog_kind: 'terms',
        payload: TERMS.payload,
        tool_use_id: 'toolu_1',
        input_digest: expect.stringMatching(/^sha256:/),
      });
      const pending = [{ event: 'dialog_request', ...data }];
      expect(await server.info(id)).toMatchObject({ state: 'awaiting', pending });
      expect((await reply({ behavior: 'completed', result: choice })).status).toBe(204);
      expect(await result).toEqual({ behavior: 'completed', result: choice });
      expect((await stream.next('request_resolved')).data).toMatchObject({
        kind: 'dialog',
        outcome: 'answered',
        by: 'ann',
      });
      expect(answered.at(-1)).toMatchObject({
        kind: 'dialog',
        toolName: 'terms',
        answer: 'answers',
      });
      expect(decisions.at(-1)).toMatchObject({
        kind: 'dialog',
        updatedInput: { payload: TERMS.payload, result: choice },
      });
    },
  );

  it('are dismissed by a person, by the agent and by an interrupt', async () => {
    const first = await ask();
    expect((await first.reply({ behavior: 'cancelled' })).status).toBe(204);
    expect(answered.at(-1)).toMatchObject({ answer: 'deny' });
    const withdrawal = new AbortController();
    const second = await ask(withdrawal.signal);
    withdrawal.abort();
    expect(await second.result).toEqual({ behavior: 'cancelled' });
    const third = await ask();
    await server.input(id, { type: 'interrupt' });
    for (const { result } of [first, second, third]) {
      // oxlint-disable-next-line no-await-in-loop -- in the order of the events
      expect(await result).toEqual({ behavior: 'cancelled' });
      // oxlint-disable-next-line no-await-in-loop
      expect((await stream.next('request_resolved')).data).toMatchObject({ outcome: 'cancelled' });
    }
    expect((await third.reply({ behavior: 'cancelled' })).status).toBe(409);
  });

  it.each([
    ['behavior', { result: 'yes' }],
    ['behavior', { behavior: 'allow' }],
    ['result', { behavior: 'completed' }],
    ['result', { behavior: 'cancelled', result: 'yes' }],
  ])('answer 400 to an invalid %s, and stay open: %j', async (field, fields) => {
    const { result, reply } = await ask();
    expect(await reply(fields)).toMatchObject(invalid(field));
    await reply({ behavior: 'cancelled' });
    expect(await result).toEqual({ behavior: 'cancelled' });
  });
});
