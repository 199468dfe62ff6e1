import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { eventually } from '../../support/eventually.js';
import { invalid, refused } from '../../support/refused.js';
import { assistant, text } from '../../support/sdk-messages.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
type Page = { sessions: { session_id: string }[]; next_cursor: string | null };
type Events = { events: { id: number; event: string; data: object }[]; has_more: boolean };

describe.each(ADAPTERS)('Reading sessions and events on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  const start = async (options: AgentWebkitModuleOptions = {}) => {
    ({ server, agents } = await startFakeApp(options, { adapter }));
  };
  const page = async (query = '') =>
    (await server.request('GET', `/sessions${query}`)).body as unknown as Page;
  const events = async (id: string, query = '') =>
    (await server.request('GET', `/sessions/${id}/events${query}`)).body as unknown as Events;
  afterEach(() => server.close());

  it('returns every field of a session', async () => {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'workspace-')));
    await start({ agent: { model: 'sonnet' }, workspace: { root } });
    const id = await server.createSession();
    const cwd = join(root, 'sessions', id);
    const stream = await server.stream(id);
    const answer = await server.request('GET', `/sessions/${id}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      session_id: id,
      owner: expect.any(String),
      role: 'owner',
      members: [],
      protocol_version: '1.0',
      state: 'idle',
      agent: 'running',
      model: 'sonnet',
      permission_mode: 'default',
      effort: null,
      max_thinking_tokens: null,
      cwd,
      title: null,
      title_source: null,
      metadata: {},
      archived: false,
      created_at: expect.stringMatching(ISO),
      last_activity_at: expect.stringMatching(ISO),
      first_id: 1,
      last_id: 1,
      subscribers: 1,
      pending: [],
      tasks: [],
      total_cost_usd: 0,
    });
    stream.close();
    expect((await page()).sessions[0]).toMatchObject({ session_id: id, cwd });
  });

  it('lists each session of the caller over its pages, the newest activity first', async () => {
    await start();
    const ids: string[] = [];
    for (let n = 0; n < 7; n += 1) ids.push(await server.createSession());
    const { created_at } = await server.info(ids[6] as string);
    await eventually(() => Date.now() > Date.parse(String(created_at)));
    await server.say(ids[2] as string, 'newest');
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const answer: Page = await page(`?limit=3${query}`);
      expect(answer.sessions.length).toBeLessThanOrEqual(3);
      seen.push(...answer.sessions.map(({ session_id }) => session_id));
      cursor = answer.next_cursor;
    }
    // The sessions used since the first page, which includes the last moment before it, are repeated.
    const each = [...new Set(seen)];
    expect(seen.slice(0, 7)).toEqual(each);
    expect([...each].sort()).toEqual([...ids].sort());
    expect(seen[0]).toBe(ids[2]);
    expect(await page('?limit=7')).toMatchObject({ next_cursor: null });
    expect(await page()).toMatchObject({ next_cursor: null });
  });

  it('lists a session that is used between two pages', async () => {
    await start();
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1) ids.push(await server.createSession());
    const first: Page = await page('?limit=2');
    const unseen = ids.find((id) => first.sessions.every(({ session_id }) => session_id !== id));
    await server.say(unseen as string, 'used');
    const seen: string[] = [];
    let cursor = first.next_cursor;
    while (cursor !== null) {
      const answer: Page = await page(`?limit=2&cursor=${encodeURIComponent(cursor)}`);
      seen.push(...answer.sessions.map(({ session_id }) => session_id));
      cursor = answer.next_cursor;
    }
    expect(seen).toContain(unseen);
  });

  it('returns an empty list to a caller without sessions', async () => {
    await start();
    expect(await page()).toEqual({ sessions: [], next_cursor: null });
  });

  it.each([
    ['limit', 'limit=0'],
    ['limit', 'limit=101'],
    ['limit', 'limit=-1'],
    ['limit', 'limit=1.5'],
    ['limit', 'limit=ten'],
    ['limit', 'limit='],
    ['limit', 'limit=1&limit=2'],
    ['cursor', 'cursor=%21'],
    ['cursor', 'cursor='],
    ['cursor', 'cursor=bm90IG9uZQ'],
    // A date after the year 9999, which not every storage can compare.
    ['cursor', `cursor=${Buffer.from('999999999999999 - x').toString('base64url')}`],
    ['cursor', 'cursor=a&cursor=b'],
  ])('answers 400 when %s is invalid: GET /sessions?%s', async (field, query) => {
    await start();
    expect(await server.request('GET', `/sessions?${query}`)).toMatchObject(invalid(field));
  });

  it('returns the events after a cursor as the stream delivers them', async () => {
    await start();
    const id = await server.createSession();
    const stream = await server.stream(id);
    await server.say(id, 'hi');
    await agents.newest().received(1);
    agents.newest().say(...Array.from({ length: 7 }, (_, n) => assistant([text(`${n}`)])));
    await stream.until(() => stream.ids().at(-1) === 10);
    expect(await events(id)).toEqual({ events: stream.delivered(), last_id: 10, has_more: false });
    expect(await events(id, '?after=4&limit=3')).toEqual({
      events: stream.delivered().slice(4, 7),
      last_id: 10,
      has_more: true,
    });
    expect(await events(id, '?after=7&limit=3')).toMatchObject({ has_more: false });
    expect(await events(id, '?after=10')).toEqual({ events: [], last_id: 10, has_more: false });
  });

  it('returns all kept events page by page, also when older ones were removed', async () => {
    await start({ retention: { maxEvents: 6 } });
    const id = await server.createSession();
    await server.say(id, 'runs');
    await server.say(id, 'queued');
    await agents.newest().received(1);
    agents.newest().say(...Array.from({ length: 20 }, (_, n) => assistant([text(`${n}`)])));
    await eventually(async () => (await server.info(id))['last_id'] === 24);
    const all = (await events(id)).events.map((event) => event.id);
    const paged: number[] = [];
    for (let more = true; more;) {
      const answer: Events = await events(id, `?limit=2&after=${paged.at(-1) ?? 0}`);
      paged.push(...answer.events.map((event) => event.id));
      more = answer.has_more;
    }
    expect(paged).toEqual(all);
    expect(all).toEqual([2, 3, 4, 19, 20, 21, 22, 23, 24]);
  });

  it('answers 412 when the cursor is older than the oldest kept event, or ahead of the last one', async () => {
    await start({ retention: { maxEvents: 2 } });
    const id = await server.createSession();
    await server.say(id, 'hi');
    await agents.newest().received(1);
    agents.newest().say(assistant([text('1')]), assistant([text('2')]));
    await eventually(async () => (await server.info(id))['last_id'] === 5);
    const get = (after: number) => server.request('GET', `/sessions/${id}/events?after=${after}`);
    expect(await get(2)).toMatchObject(refused(412, 'cursor_evicted', /oldest is 4/));
    expect(await get(6)).toMatchObject(refused(412, 'cursor_ahead', /last is 5/));
    expect(await get(2 ** 53 - 1)).toMatchObject(refused(412, 'cursor_ahead', /last is 5/));
    expect(await get(2 ** 53)).toMatchObject(refused(400, 'invalid_request', /after/));
    expect((await get(3)).status).toBe(200);
  });

  it.each([
    ['after', 'after=-1'],
    ['after', 'after=x'],
    ['after', 'after=1.5'],
    ['after', 'after=1e400'],
    ['after', 'after=1&after=2'],
    ['limit', 'limit=0'],
    ['limit', 'limit=1001'],
  ])('answers 400 when %s is invalid: GET /sessions/:id/events?%s', async (field, query) => {
    await start();
    const id = await server.createSession();
    expect(await server.request('GET', `/sessions/${id}/events?${query}`)).toMatchObject(
      invalid(field),
    );
  });

  it.each(['', '/events'])(
    'answers 404 when the session does not exist: GET /sessions/:id%s',
    async (path) => {
      await start();
      expect(await server.request('GET', `/sessions/unknown${path}`)).toMatchObject(
        refused(404, 'session_not_found', /^Session not found/),
      );
    },
  );
});
