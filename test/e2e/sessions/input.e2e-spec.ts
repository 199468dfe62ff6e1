import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { invalid, refused } from '../../support/refused.js';
import { result } from '../../support/sdk-messages.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';

const PIXEL = { type: 'base64', media_type: 'image/png', data: 'iVBORw==' };
const user = (content: unknown, more: object = {}) => ({ type: 'user_message', content, ...more });

describe.each(ADAPTERS)('Session input on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  const start = async (options: AgentWebkitModuleOptions = {}) => {
    ({ server, agents } = await startFakeApp(options, { adapter }));
    return server.createSession();
  };
  const keyed = (id: string, message: object, key: string) =>
    server.request('POST', `/sessions/${id}/input`, message, { 'idempotency-key': key });
  afterEach(() => server.close());

  it.each([
    ['text', 'hello'],
    [
      'blocks',
      [
        { type: 'text', text: 'look' },
        { type: 'image', source: PIXEL },
      ],
    ],
  ])('is passed to the agent and published to every subscriber: %s', async (_, content) => {
    const id = await start();
    const stream = await server.stream(id);
    const message_id = randomUUID();
    const answer = await server.input(id, user(content, { message_id }));
    expect(answer).toMatchObject({ status: 204, body: {} });
    expect((await stream.next('user_message')).data).toEqual({
      message_id,
      content,
      by: 'anonymous',
    });
    expect((await stream.next('turn_start')).data).toEqual({ message_id, by: 'anonymous' });
    expect(await agents.newest().received(1)).toEqual({
      messageId: message_id,
      content,
      isCommand: false,
    });
  });

  it('gets a message id when the client sends none', async () => {
    const id = await start();
    const stream = await server.stream(id);
    await server.say(id, 'hello');
    const { data } = await stream.next('user_message');
    expect(data['message_id']).toMatch(/^[0-9a-f-]{36}$/);
    expect((await stream.next('turn_start')).data['message_id']).toBe(data['message_id']);
  });

  it('sets the model and the permission mode of a running agent', async () => {
    const id = await start();
    const inputs = [
      { type: 'set_model', model: 'opus' },
      { type: 'set_model', model: null },
      { type: 'set_effort', effort: 'high' },
      { type: 'set_max_thinking_tokens', max_thinking_tokens: 0 },
      { type: 'set_permission_mode', mode: 'plan' },
    ];
    for (const input of inputs) expect((await server.input(id, input)).status).toBe(204);
    expect(agents.newest().calls).toEqual([
      'setModel opus',
      'setModel null',
      'setEffort high',
      'setMaxThinkingTokens 0',
      'setPermissionMode plan',
    ]);
    expect(await server.info(id)).toMatchObject({ model: null, permission_mode: 'plan' });
  });

  it('causes an error event when the agent rejects a requested change', async () => {
    const id = await start();
    agents.newest().setModel = () => Promise.reject(new Error('There is no model x.'));
    const stream = await server.stream(id);
    expect((await server.input(id, { type: 'set_model', model: 'x' })).status).toBe(204);
    expect((await stream.next('error')).data).toEqual({
      code: 'agent_error',
      message: 'There is no model x.',
    });
  });

  it('is answered with 403 when the host does not allow the permission mode', async () => {
    const id = await start({ agent: { permissionModes: ['default', 'plan'] } });
    const set = (mode: string) => server.input(id, { type: 'set_permission_mode', mode });
    expect(await set('acceptEdits')).toMatchObject(refused(403, 'forbidden', /^mode: /));
    expect((await set('plan')).status).toBe(204);
  });

  it.each([
    ['type', undefined],
    ['type', { type: 'shout' }],
    ['type', { type: '__proto__' }],
    ['type', { type: 'constructor' }],
    ['type', { type: ['user_message'] }],
    ['type', { type: null }],
    ['type', []],
    ['content', user(undefined)],
    ['content', user('')],
    ['content', user(' \n\t')],
    ['content', user(null)],
    ['content', user(5)],
    ['content', user([])],
    ['content', user({ 0: 'a' })],
    ['content[0]', user(['text'])],
    ['content[0].type', user([{ type: 'video' }])],
    ['content[0].text', user([{ type: 'text' }])],
    ['content[0].text', user([{ type: 'text', text: '' }])],
    ['content[0].text', user([{ type: 'text', text: '\u00a0\u2003' }])],
    ['content[1].source', user([{ type: 'text', text: 'a' }, { type: 'image' }])],
    ['content[0].source.type', user([{ type: 'image', source: { type: 'url', url: 'x' } }])],
    [
      'content[0].source.media_type',
      user([{ type: 'image', source: { ...PIXEL, media_type: 'text/html' } }]),
    ],
    ['content[0].source.data', user([{ type: 'image', source: { ...PIXEL, data: '!' } }])],
    ['message_id', user('a', { message_id: 'mine' })],
    ['message_id', user('a', { message_id: 7 })],
    ['message_id', user('a', { message_id: null })],
    ['mode', { type: 'set_permission_mode' }],
    ['mode', { type: 'set_permission_mode', mode: 'root' }],
    ['model', { type: 'set_model' }],
    ['model', { type: 'set_model', model: 3 }],
    ['model', { type: 'set_model', model: '' }],
    ['effort', { type: 'set_effort', effort: 'most' }],
    ['effort', { type: 'set_effort' }],
    ['max_thinking_tokens', { type: 'set_max_thinking_tokens', max_thinking_tokens: -1 }],
    ['max_thinking_tokens', { type: 'set_max_thinking_tokens', max_thinking_tokens: '9' }],
    ['task_id', { type: 'stop_task' }],
    ['task_id', { type: 'stop_task', task_id: {} }],
  ])('is answered with 400 and changes nothing when %s is invalid: %j', async (field, message) => {
    const id = await start();
    const answer = await server.request('POST', `/sessions/${id}/input`, message);
    expect(answer).toMatchObject(invalid(field));
    expect(await server.info(id)).toMatchObject({ last_id: 1, state: 'idle', model: null });
    expect(agents.newest().calls).toEqual([]);
  });

  it('may have unknown fields, which are ignored', async () => {
    const id = await start();
    const extra = { colour: 'red', deep: { __proto__: null, list: [1] } };
    expect((await server.input(id, user('a', extra))).status).toBe(204);
    expect((await server.input(id, { type: 'interrupt', ...extra })).status).toBe(204);
  });

  it('is answered with 404 when the session does not exist or was deleted', async () => {
    const id = await start();
    await server.request('DELETE', `/sessions/${id}`);
    for (const unknown of [id, 'unknown', randomUUID()]) {
      expect(await server.input(unknown, user('a'))).toMatchObject(
        refused(404, 'session_not_found', /^Session not found/),
      );
    }
  });

  it('runs one turn for one message_id, also when the message is repeated concurrently', async () => {
    const id = await start();
    const message = user('once', { message_id: randomUUID() });
    const twice = await Promise.all([server.input(id, message), server.input(id, message)]);
    const later = await server.input(id, { ...message, content: 'changed' });
    expect([...twice, later].map(({ status }) => status)).toEqual([204, 204, 204]);
    await agents.newest().received(1);
    agents.newest().say(result());
    const stream = await server.stream(id);
    await stream.next('result');
    expect((await server.input(id, message)).status).toBe(204);
    expect(stream.names()).toEqual(['session_ready', 'user_message', 'turn_start', 'result']);
    expect(await server.info(id)).toMatchObject({ last_id: 4 });
  });

  it('is accepted once for one Idempotency-Key in each session', async () => {
    const id = await start();
    const answers = await Promise.all([keyed(id, user('a'), 'k'), keyed(id, user('a'), 'k')]);
    expect(answers.map(({ status }) => status)).toEqual([204, 204]);
    expect(await server.info(id)).toMatchObject({ last_id: 3 });
    const other = await server.createSession();
    await keyed(other, user('a'), 'k');
    expect(await server.info(other)).toMatchObject({ last_id: 3 });
  });

  it('is answered with 503 while the queue is full, and can be sent again later', async () => {
    const id = await start({ limits: { maxQueuedMessages: 2 } });
    await server.say(id, 'runs');
    await agents.newest().received(1);
    await server.say(id, 'queued 1');
    await server.say(id, 'queued 2');
    const message = user('one too many', { message_id: randomUUID() });
    const tooMany = await keyed(id, message, 'key');
    expect(tooMany).toMatchObject(refused(503, 'backpressure', /2 messages/));
    expect(Number(tooMany.headers.get('retry-after'))).toBeGreaterThan(0);
    agents.newest().say(result());
    await agents.newest().received(2);
    expect((await keyed(id, message, 'key')).status).toBe(204);
    agents.newest().say(result());
    await agents.newest().received(3);
    agents.newest().say(result());
    expect((await agents.newest().received(4)).content).toBe('one too many');
  });

  it('runs messages in order, one turn after the other', async () => {
    const id = await start();
    const contents = Array.from({ length: 10 }, (_, n) => `message ${n}`);
    for (const content of contents) await server.say(id, content);
    const agent = agents.newest();
    for (const [index] of contents.entries()) {
      await agent.received(index + 1);
      expect(agent.inputs).toHaveLength(index + 1);
      agent.say(result());
    }
    expect(agent.inputs.map(({ content }) => content)).toEqual(contents);
  });
});
