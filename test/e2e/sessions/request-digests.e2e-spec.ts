import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { refused } from '../../support/refused.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';
import type { SseClient } from '../../support/sse-client.js';

const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

const INPUT = { file: 'a', command: 'ls', count: 1 };
const SHOWN = sha256('{"command":"ls","count":1,"file":"a"}');
const QUESTIONS = { questions: [{ question: 'Why?', options: [] }] };

describe.each(ADAPTERS)('The digest of a request on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  let id: string;
  let stream: SseClient;
  beforeEach(async () => {
    ({ server, agents } = await startFakeApp(
      { auth: { tokens: ['ann:t'] } },
      { adapter, headers: { authorization: 'Bearer t' } },
    ));
    id = await server.createSession();
    stream = await server.stream(id);
    await server.say(id, 'go');
    await agents.newest().received(1);
  });
  afterEach(() => server.close());

  /** Opens a request. Returns the agent's promise in an object, because an async function would await it. */
  const ask = async (tool = 'Bash', input: Record<string, unknown> = INPUT) => {
    const answered = agents.newest().ask(tool, input, { toolUseID: 't1' });
    const event = tool === 'AskUserQuestion' ? 'ask_user_question' : 'permission_request';
    return { answered, request: (await stream.next(event)).data };
  };
  const allow = (fields: object) =>
    server.input(id, {
      type: 'permission_response',
      correlation_id: 't1',
      behavior: 'allow',
      ...fields,
    });

  it('is the SHA-256 of its canonical JSON, in the event and in the pending list', async () => {
    const { request } = await ask();
    expect(request).toMatchObject({ input: INPUT, input_digest: SHOWN });
    expect(await server.info(id)).toMatchObject({ pending: [{ input_digest: SHOWN }] });
  });

  it('refuses a reply to another input with 409, and the request stays open', async () => {
    const { answered } = await ask();
    const other = await allow({ input_digest: sha256('{"command":"rm"}') });
    expect(other).toMatchObject(refused(409, 'input_changed', /digest sha256:/));
    expect(await server.info(id)).toMatchObject({ state: 'awaiting', pending: [{}] });
    expect((await allow({ input_digest: SHOWN })).status).toBe(204);
    expect(await answered).toEqual({ behavior: 'allow', updatedInput: INPUT });
  });

  it('refuses answers to other questions with 409', async () => {
    const { answered, request } = await ask('AskUserQuestion', QUESTIONS);
    const answer = { type: 'question_response', correlation_id: 't1', answers: { 'Why?': 'So.' } };
    const other = await server.input(id, { ...answer, input_digest: SHOWN });
    expect(other).toMatchObject(refused(409, 'input_changed', /t1/));
    const { input_digest } = request;
    expect((await server.input(id, { ...answer, input_digest })).status).toBe(204);
    expect(await answered).toMatchObject({ behavior: 'allow' });
  });

  it('may be left out by clients that do not know it', async () => {
    const { answered } = await ask();
    expect((await allow({})).status).toBe(204);
    expect(await answered).toMatchObject({ behavior: 'allow' });
  });

  it.each([['SHA256:00'], [''], [1], [null], [`${SHOWN}0`], [SHOWN.toUpperCase()]])(
    'is refused with 400 when it is %j',
    async (input_digest) => {
      await ask();
      expect(await allow({ input_digest })).toMatchObject(
        refused(400, 'invalid_request', /input_digest: must be/),
      );
    },
  );

  it('is published with the outcome, the caller and the time', async () => {
    await ask();
    await allow({ input_digest: SHOWN });
    const { data } = await stream.next('request_resolved');
    expect(data).toMatchObject({ outcome: 'allowed', by: 'ann', input_digest: SHOWN });
    expect(Date.parse(String(data['at']))).toBeLessThanOrEqual(
      Date.parse(stream.times.at(-1) ?? ''),
    );
    expect(data).not.toHaveProperty('updated_input');
  });

  it('is published with the input that was allowed, and its digest, when it was edited', async () => {
    const { answered } = await ask();
    const updated_input = { command: 'ls -l' };
    await allow({ updated_input, input_digest: SHOWN });
    expect(await answered).toMatchObject({ updatedInput: updated_input });
    expect((await stream.next('request_resolved')).data).toMatchObject({
      input_digest: SHOWN,
      updated_input,
      updated_input_digest: sha256('{"command":"ls -l"}'),
    });
  });

  it('counts an input that is sent back unchanged as not edited', async () => {
    await ask();
    await allow({ updated_input: { count: 1, command: 'ls', file: 'a' } });
    expect((await stream.next('request_resolved')).data).not.toHaveProperty('updated_input_digest');
  });

  it('does not exist for an edited input that is nested too deeply, which is refused with 400', async () => {
    await ask();
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const body = `{"type":"permission_response","correlation_id":"t1","behavior":"allow","updated_input":{"a":${deep}}}`;
    expect(await server.request('POST', `/sessions/${id}/input`, body)).toMatchObject(
      refused(400, 'invalid_request', /nested/),
    );
    expect((await allow({})).status).toBe(204);
  });
});
