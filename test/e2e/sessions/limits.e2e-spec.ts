import { afterEach, describe, expect, it } from '@jest/globals';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { eventually } from '../../support/eventually.js';
import { refused } from '../../support/refused.js';
import { result } from '../../support/sdk-messages.js';
import {
  ADAPTERS,
  type Answer,
  type FakeAgents,
  startFakeApp,
  type TestApp,
} from '../../support/start-app.js';

const retryAfter = ({ headers }: Answer) => Number(headers.get('retry-after'));
const png = (bytes: number) => ({
  type: 'image',
  source: {
    type: 'base64',
    media_type: 'image/png',
    data: Buffer.alloc(bytes).toString('base64'),
  },
});

describe.each(ADAPTERS)('Limits for clients on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  const start = async (options: AgentWebkitModuleOptions = {}) => {
    ({ server, agents } = await startFakeApp(options, { adapter }));
  };
  const create = (body: object = {}) => server.request('POST', '/sessions', body);
  const say = (id: string, content: unknown) => server.input(id, { type: 'user_message', content });
  afterEach(() => server.close());

  it('answer 429 with Retry-After to sessions that are created too fast', async () => {
    await start({ limits: { maxCreationsPerMinute: 2 } });
    await server.createSession();
    await server.createSession();
    const third = await create();
    expect(third).toMatchObject(refused(429, 'too_many_creations', /2 new sessions per minute/));
    expect(retryAfter(third)).toBeGreaterThan(0);
    expect(retryAfter(third)).toBeLessThanOrEqual(60);
    expect(agents.agents).toHaveLength(2);
  });

  it('answer 429 above the limit of subscribers, until one has disconnected', async () => {
    await start({ stream: { maxSubscribers: 2 } });
    const id = await server.createSession();
    const [first] = await Promise.all([server.stream(id), server.stream(id)]);
    const third = await server.stream(id);
    expect(third.status).toBe(429);
    expect(Number(third.headers['retry-after'])).toBeGreaterThan(0);
    await third.ended();
    expect(third.json()).toMatchObject({ code: 'too_many_subscribers' });
    first?.close();
    await eventually(async () => (await server.info(id))['subscribers'] === 1);
    expect((await server.stream(id)).status).toBe(200);
  });

  it.each([
    ['a text', 'x'.repeat(11), /^content: must have at most 10 characters/],
    [
      'a text in a block',
      [{ type: 'text', text: 'x'.repeat(11) }],
      /^content\[0\].text: must have at most 10 characters/,
    ],
    ['an image', [png(13)], /^content\[0\].source.data: must have at most 12 bytes/],
    [
      'too many blocks',
      Array.from({ length: 4 }, () => ({ type: 'text', text: 'x' })),
      /^content: must have at most 3 blocks/,
    ],
  ] as [string, unknown, RegExp][])(
    'answer 413 to a message that is too large: %s',
    async (_, content, message) => {
      await start({ limits: { maxTextLength: 10, maxImageBytes: 12, maxContentBlocks: 3 } });
      const id = await server.createSession();
      expect(await say(id, content)).toMatchObject(refused(413, 'payload_too_large', message));
      expect((await server.info(id))['last_id']).toBe(1);
      const fits = [{ type: 'text', text: 'x'.repeat(10) }, png(12), { type: 'text', text: 'x' }];
      expect((await say(id, fits)).status).toBe(204);
    },
  );

  it('answer 503 to a message while all agents are busy', async () => {
    await start({ agent: { maxAgents: 1 } });
    const busy = await server.createSession();
    await server.say(busy, 'work');
    await agents.newest().received(1);
    const id = await server.createSession();
    expect((await server.info(id))['state']).toBe('dormant');
    const answer = await say(id, 'hi');
    expect(answer).toMatchObject(refused(503, 'agents_busy', /^All 1 agents of this server/));
    expect(retryAfter(answer)).toBeGreaterThan(0);
    agents.newest().say(result());
    await eventually(async () => (await say(id, 'hi')).status === 204);
    await eventually(() => agents.agents.length === 2);
    expect((await agents.newest().received(1)).content).toBe('hi');
    expect((await server.info(busy))['state']).toBe('dormant');
    expect(agents.agents.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  });

  it('answer 403 to a model that is not on the list', async () => {
    await start({ agent: { models: ['haiku'], model: 'sonnet' } });
    const wrong = refused(403, 'forbidden', /^model: 'opus' is not permitted. Permitted: haiku/);
    expect(await create({ model: 'opus' })).toMatchObject(wrong);
    const id = await server.createSession({ model: 'haiku' });
    expect(await server.input(id, { type: 'set_model', model: 'opus' })).toMatchObject(wrong);
    expect(agents.agents).toHaveLength(1);
    expect(agents.newest().calls).toEqual([]);
    expect((await server.input(id, { type: 'set_model', model: null })).status).toBe(204);
    expect(agents.newest().calls).toEqual(['setModel sonnet']);
    expect((await server.info(id))['model']).toBe('sonnet');
  });

  it('answer 403 to an effort that is not on the list, and show those that are', async () => {
    await start({ agent: { effortLevels: ['low'] } });
    const id = await server.createSession();
    expect(await server.input(id, { type: 'set_effort', effort: 'max' })).toMatchObject(
      refused(403, 'forbidden', /^effort: 'max' is not permitted. Permitted: low/),
    );
    expect((await server.input(id, { type: 'set_effort', effort: 'low' })).status).toBe(204);
    expect(agents.newest().calls).toEqual(['setEffort low']);
    const { body } = await server.request('GET', `/sessions/${id}/capabilities`);
    expect(body).toMatchObject({ effort_levels: ['low'] });
  });

  it('expire a request without a reply, and publish that it expired', async () => {
    await start({ timeouts: { requestTimeoutMs: 20 } });
    const id = await server.createSession();
    const stream = await server.stream(id);
    const asked = agents.newest().ask('Bash', {}, { toolUseID: 't1' });
    expect((await stream.next('request_resolved')).data).toMatchObject({
      correlation_id: 't1',
      kind: 'permission',
      outcome: 'expired',
    });
    expect(await asked).toMatchObject({ behavior: 'deny' });
    const late = { type: 'permission_response', correlation_id: 't1', behavior: 'allow' };
    expect((await server.input(id, late)).status).toBe(409);
  });

  it('pass the limits of turns and cost to every agent', async () => {
    await start({ agent: { maxTurns: 5, maxBudgetUsd: 1.5 } });
    await server.createSession();
    expect(agents.newest().start).toMatchObject({ maxTurns: 5, maxBudgetUsd: 1.5 });
  });

  it('remove sessions that never had a message, and no others', async () => {
    await start({ retention: { emptySessionTtlMs: 20 } });
    // On a slow machine, a session can be removed before its message or its stream arrives.
    const used = await eventually(
      async () => {
        const id = await server.createSession();
        return { id, sent: await server.input(id, { type: 'user_message', content: 'hi' }) };
      },
      ({ sent }) => sent.status === 204,
    );
    const stream = await eventually(
      async () => server.stream(await server.createSession()),
      ({ status }) => status === 200,
    );
    const empty = await server.createSession();
    await eventually(
      async () => (await server.request('GET', `/sessions/${empty}`)).status === 404,
    );
    expect((await server.request('GET', `/sessions/${used.id}`)).status).toBe(200);
    expect(stream.isEnded).toBe(false);
  });

  it('remove unused sessions', async () => {
    await start({ retention: { retentionMs: 20 } });
    const id = await server.createSession();
    await eventually(async () => (await server.request('GET', `/sessions/${id}`)).status === 404);
    expect(agents.newest().isClosed).toBe(true);
  });
});
