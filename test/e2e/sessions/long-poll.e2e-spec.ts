import { get } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { eventually } from '../../support/eventually.js';
import { refused } from '../../support/refused.js';
import { assistant, result, text } from '../../support/sdk-messages.js';
import {
  ADAPTERS,
  type Answer,
  type FakeAgents,
  startFakeApp,
  type TestApp,
} from '../../support/start-app.js';

const idsOf = ({ body }: Answer) => (body['events'] as { id: number }[]).map(({ id }) => id);
const namesOf = ({ body }: Answer) =>
  (body['events'] as { event: string }[]).map(({ event }) => event);
const as = (member: string) => ({ 'x-member': member });

describe.each(ADAPTERS)('a long poll on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  const start = async (options: AgentWebkitModuleOptions = {}) => {
    ({ server, agents } = await startFakeApp(options, { adapter }));
  };
  const poll = (id: string, query: string, headers = {}) =>
    server.request('GET', `/sessions/${id}/events?${query}`, undefined, headers);
  const subscribers = async (id: string) => Number((await server.info(id))['subscribers']);
  /** Starts a poll that waits. Its answer is wrapped, because `await` would wait for it. */
  const started = async (id: string, query: string) => {
    const before = await subscribers(id);
    const answer = poll(id, query);
    await eventually(async () => (await subscribers(id)) === before + 1);
    return { answer };
  };
  afterEach(() => server.close());

  it('answers at once when there are events after the cursor', async () => {
    await start();
    const id = await server.createSession();
    const answer = await poll(id, 'wait=60');
    expect([answer.status, namesOf(answer), answer.body['last_id']]).toEqual([
      200,
      ['session_ready'],
      1,
    ]);
  });

  it('answers with the first event that is published while it waits', async () => {
    await start();
    const id = await server.createSession();
    const { answer } = await started(id, 'after=1&wait=60');
    await server.say(id, 'hi');
    const page = await answer;
    expect([page.status, idsOf(page)[0], namesOf(page)[0]]).toEqual([200, 2, 'user_message']);
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(await subscribers(id)).toBe(0);
  });

  it('answers with an empty page when the time is over, and leaves no subscriber', async () => {
    await start();
    const id = await server.createSession();
    const page = await (await started(id, 'after=1&wait=1')).answer;
    expect(page.status).toBe(200);
    expect(page.body).toEqual({ events: [], last_id: 1, has_more: false });
    expect(await subscribers(id)).toBe(0);
  });

  it('delivers every event once and in order to a client that polls in a loop', async () => {
    await start();
    const id = await server.createSession();
    const seen: number[] = [];
    const follow = async () => {
      for (let after = 0; after < 1 + 3 * 4; after = seen.at(-1) ?? 0) {
        // oxlint-disable-next-line no-await-in-loop -- one page after the other
        seen.push(...idsOf(await poll(id, `after=${after}&wait=60&limit=2`)));
      }
    };
    const following = follow();
    for (const n of [1, 2, 3]) {
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      await server.say(id, 'hi');
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      await agents.newest().received(n);
      agents.newest().say(assistant([text('hello')]), result());
    }
    await following;
    expect(seen).toEqual(Array.from({ length: 13 }, (_, index) => index + 1));
  });

  it.each(['-1', '61', '1.5', 'x', '1e1000'])('rejects wait=%s with 400', async (wait) => {
    await start();
    const id = await server.createSession();
    expect(await poll(id, `wait=${wait}`)).toMatchObject(refused(400, 'invalid_request', /wait/));
  });

  it('is rejected as a request without a wait is', async () => {
    await start();
    const id = await server.createSession();
    expect(await poll(id, 'after=9&wait=60')).toMatchObject(refused(412, 'cursor_ahead', /last/));
    expect(await poll('unknown', 'wait=60')).toMatchObject(
      refused(404, 'session_not_found', /not found/),
    );
  });

  it('counts as a subscriber, and is rejected with 429 when there are too many', async () => {
    await start({ stream: { maxSubscribers: 1 } });
    const id = await server.createSession();
    const { answer } = await started(id, 'after=1&wait=60');
    const second = await poll(id, 'after=1&wait=60');
    expect(second).toMatchObject(refused(429, 'too_many_subscribers', /1/));
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await poll(id, 'after=1')).status).toBe(200);
    await server.say(id, 'hi');
    expect((await answer).status).toBe(200);
  });

  it('delivers done when the session is deleted', async () => {
    await start();
    const id = await server.createSession();
    const { answer } = await started(id, 'after=1&wait=60');
    await server.request('DELETE', `/sessions/${id}`);
    const page = await answer;
    expect([page.status, namesOf(page), page.body['has_more']]).toEqual([200, ['done'], false]);
  });

  it('leaves no subscriber when the client disconnects', async () => {
    await start();
    const id = await server.createSession();
    const request = get(`${server.url}/sessions/${id}/events?after=1&wait=60`, { agent: false });
    request.on('error', () => undefined);
    await eventually(async () => (await subscribers(id)) === 1);
    request.destroy();
    await eventually(async () => (await subscribers(id)) === 0);
  });

  it('ends early, with an empty page, when its caller is no longer authenticated', async () => {
    const members = new Set(['ann']);
    await start({
      auth: {
        verify: ({ headers }) =>
          members.has(String(headers['x-member'])) ? { id: String(headers['x-member']) } : null,
      },
      stream: { verifyIntervalMs: 5 },
    });
    const created = await server.request('POST', '/sessions', {}, as('ann'));
    const id = String(created.body['session_id']);
    const answer = poll(id, 'after=1&wait=60', as('ann'));
    await eventually(
      async () =>
        (await server.request('GET', `/sessions/${id}`, undefined, as('ann'))).body[
          'subscribers'
        ] === 1,
    );
    members.delete('ann');
    expect((await answer).body).toEqual({ events: [], last_id: 1, has_more: false });
    expect((await poll(id, 'after=1&wait=60', as('ann'))).status).toBe(401);
  });

  it('ends when its caller loses access to the session', async () => {
    let isShared = true;
    await start({
      auth: { verify: ({ headers }) => ({ id: String(headers['x-member']) }) },
      hooks: { canAccess: () => isShared },
      stream: { verifyIntervalMs: 5 },
    });
    const created = await server.request('POST', '/sessions', {}, as('ann'));
    const id = String(created.body['session_id']);
    const answer = poll(id, 'after=1&wait=60', as('bob'));
    await eventually(
      async () =>
        (await server.request('GET', `/sessions/${id}`, undefined, as('ann'))).body[
          'subscribers'
        ] === 1,
    );
    isShared = false;
    const ended = await answer;
    expect([ended.status, ended.body['events'] ?? []]).toEqual([expect.any(Number), []]);
    expect([200, 404]).toContain(ended.status);
    expect((await poll(id, 'after=1&wait=60', as('bob'))).status).toBe(404);
  });

  it('is answered when the server stops: with 503 where the session continues', async () => {
    const storage = Object.defineProperty(new MemoryStorage(), 'durable', { value: true });
    await start({ storage });
    const id = await server.createSession();
    const { answer } = await started(id, 'after=1&wait=60');
    await server.app.close();
    expect(await answer).toMatchObject(refused(503, 'shutting_down', /shutting down/));
  });

  it('is answered when the server stops: with done where the session ends', async () => {
    await start();
    const id = await server.createSession();
    const { answer } = await started(id, 'after=1&wait=60');
    await server.app.close();
    expect(namesOf(await answer)).toEqual(['done']);
  });
});
