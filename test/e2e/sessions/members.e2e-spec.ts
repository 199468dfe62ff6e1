import { firstValueFrom, toArray } from 'rxjs';
import { afterEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { SessionNotFoundError } from '../../../src/agent-webkit/engine/errors.js';
import { eventually } from '../../support/eventually.js';
import { JointClient } from '../../support/joint-client.js';
import { latch } from '../../support/latch.js';
import { invalid, refused } from '../../support/refused.js';
import {
  ADAPTERS,
  type Answer,
  type FakeAgents,
  startFakeApp,
  type TestApp,
} from '../../support/start-app.js';

type Role = 'viewer' | 'contributor' | 'approver';
type Info = Record<string, unknown>;

const as = (token: string) => ({ authorization: `Bearer ${token}` });
const notFound = refused(404, 'session_not_found', /^Session not found/);
const ALLOW = { type: 'permission_response', correlation_id: 't1', behavior: 'allow' };
const MESSAGE = '1730564d-fd12-4bd8-bc21-446aa18e4b18';

/** The rows of the table in docs/http.md: what each role may do. */
const PERMITTED = {
  stranger: [],
  viewer: ['read'],
  contributor: ['read', 'send'],
  approver: ['read', 'send', 'answer'],
} as const;

/** Each route of a session, by the action that it needs. */
const ROUTES: readonly (readonly [action: string, method: string, path: string, body?: object])[] =
  [
    ['read', 'GET', ''],
    ['read', 'GET', '/capabilities'],
    ['read', 'GET', '/events'],
    ['read', 'GET', '/decisions'],
    ['send', 'PATCH', '', { title: 'New' }],
    ['send', 'POST', '/input', { type: 'user_message', content: 'hi' }],
    ['send', 'POST', '/input', { type: 'interrupt' }],
    ['send', 'POST', '/input', { type: 'set_model', model: null }],
    ['send', 'POST', '/input', { type: 'set_permission_mode', mode: 'default' }],
    ['send', 'PATCH', `/queue/${MESSAGE}`, { content: 'hi' }],
    ['send', 'DELETE', `/queue/${MESSAGE}`],
    ['answer', 'POST', '/input', ALLOW],
    ['answer', 'POST', '/input', { type: 'question_response', correlation_id: 't', answers: {} }],
    ['share', 'PUT', '/members', { members: [] }],
    ['delete', 'DELETE', ''],
  ];

/** The outcome of the access check: another refusal, such as of an unknown message, comes after it. */
function outcomeOf({ status, body }: Answer): 'allowed' | 'forbidden' | 'not found' {
  if (status === 403 && body['code'] === 'forbidden') return 'forbidden';
  return body['code'] === 'session_not_found' ? 'not found' : 'allowed';
}

describe.each(ADAPTERS)('Sharing a session on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  const start = async (options: AgentWebkitModuleOptions = {}) => {
    ({ server, agents } = await startFakeApp(
      { auth: { tokens: ['ann:a', 'bob:b', 'eve:e'] }, ...options },
      { adapter },
    ));
  };
  const request = (method: string, path: string, token: string, body?: object) =>
    server.request(method, path, body, as(token));
  const open = async () => String((await request('POST', '/sessions', 'a', {})).body['session_id']);
  const share = (id: string, members: unknown, token = 'a') =>
    request('PUT', `/sessions/${id}/members`, token, { members });
  const shareWithBob = async (id: string, role: Role) => {
    const answer = await share(id, [{ id: 'bob', role }]);
    expect(answer.status).toBe(200);
  };
  const listed = async (token: string) =>
    (await request('GET', '/sessions', token)).body['sessions'] as Info[];
  const requests = async (token = 'b') =>
    (await request('GET', '/requests', token)).body['requests'] as Info[];
  const counts = async () => [(await listed('b')).length, (await requests()).length];
  const say = (id: string, content: string, token: string) =>
    request('POST', `/sessions/${id}/input`, token, { type: 'user_message', content });
  afterEach(() => server.close());

  it('answers with the session, which its members find and read with their role', async () => {
    await start();
    const id = await open();
    expect(await request('GET', `/sessions/${id}`, 'b')).toMatchObject(notFound);
    const members = [{ id: 'bob', role: 'viewer' }];
    const answer = await share(id, members);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ session_id: id, owner: 'ann', role: 'owner', members });
    const seen = { session_id: id, owner: 'ann', role: 'viewer', members };
    expect((await request('GET', `/sessions/${id}`, 'b')).body).toMatchObject(seen);
    expect(await listed('b')).toMatchObject([seen]);
    expect(await listed('a')).toMatchObject([{ ...seen, role: 'owner' }]);
    expect(await listed('e')).toEqual([]);
    expect(await request('GET', `/sessions/${id}`, 'e')).toMatchObject(notFound);
    const { body } = await request('GET', `/sessions/${id}/events`, 'b');
    expect((body['events'] as Info[]).at(-1)).toMatchObject({
      event: 'members_changed',
      data: { members, by: 'ann' },
    });
  });

  it('appends no event for members who are as before, and ends with an empty list', async () => {
    await start();
    const id = await open();
    const members = [
      { id: 'bob', role: 'viewer' },
      { id: 'eve', role: 'approver' },
    ];
    await share(id, members);
    const { body } = await share(id, members.toReversed());
    expect((await share(id, members)).body['last_id']).toBe(body['last_id']);
    expect((await share(id, [])).body).toMatchObject({ members: [] });
    expect(await listed('b')).toEqual([]);
    expect(await request('GET', `/sessions/${id}`, 'e')).toMatchObject(notFound);
  });

  it('rejects a change that expects other members, and changes nothing', async () => {
    await start();
    const id = await open();
    const change = (members: unknown, expected_members: unknown) =>
      request('PUT', `/sessions/${id}/members`, 'a', { members, expected_members });
    const conflict = refused(409, 'members_changed', /^expected_members: .*GET \/sessions\/:id/);
    const bob = { id: 'bob', role: 'viewer' };
    const eve = { id: 'eve', role: 'viewer' };
    expect((await change([bob], [])).body).toMatchObject({ members: [bob] });
    const others = [[], [eve], [bob, eve], [{ ...bob, role: 'approver' }]];
    for (const expected of others) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await change([eve], expected)).toMatchObject(conflict);
    }
    expect((await request('GET', `/sessions/${id}`, 'a')).body).toMatchObject({ members: [bob] });

    // In any order. The same request again has its effect already.
    expect((await change([bob, eve], [bob])).status).toBe(200);
    const { body } = await change([eve], [eve, bob]);
    expect(body).toMatchObject({ members: [eve] });
    expect((await change([eve], [eve, bob])).body).toMatchObject({ last_id: body['last_id'] });
    expect((await change([], [eve])).body).toMatchObject({ members: [] });
  });

  it('makes one of several changes at once that expect the same members', async () => {
    await start();
    const id = await open();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        request('PUT', `/sessions/${id}/members`, 'a', {
          members: [{ id: `m${n}`, role: 'viewer' }],
          expected_members: [],
        }),
      ),
    );
    const made = answers.filter(({ status }) => status === 200);
    expect(made).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(7);
    const { members } = (await request('GET', `/sessions/${id}`, 'a')).body;
    expect(made[0]?.body).toMatchObject({ members });
  });

  it.each([
    ['expected_members', 'bob'],
    ['expected_members[0].role', [{ id: 'bob' }]],
  ])('answers 400 with what is wrong about the expected members: %s', async (field, expected) => {
    await start();
    const id = await open();
    const body = { members: [], expected_members: expected };
    const answer = await request('PUT', `/sessions/${id}/members`, 'a', body);
    expect(answer).toMatchObject(invalid(field));
    const handle = server.registry.get(id, { id: 'ann' });
    const options = { expectedMembers: expected as never };
    await expect(handle.setMembers([], options)).rejects.toThrow(field);
  });

  it('permits each role what the table says, for every route and after every change of the role', async () => {
    await start();
    let id = await open();
    const roles = fc.constantFrom(...(Object.keys(PERMITTED) as (keyof typeof PERMITTED)[]));
    await fc.assert(
      fc.asyncProperty(roles, fc.constantFrom(...ROUTES), async (role, route) => {
        const [action, method, path, body] = route;
        const members = role === 'stranger' ? [] : [{ id: 'bob', role }];
        expect((await share(id, members)).status).toBe(200);
        const outcome = outcomeOf(await request(method, `/sessions/${id}${path}`, 'b', body));
        const isPermitted = PERMITTED[role].some((permitted) => permitted === action);
        const refusal = role === 'stranger' ? 'not found' : 'forbidden';
        expect(outcome).toBe(isPermitted ? 'allowed' : refusal);
        const other = outcomeOf(await request(method, `/sessions/${id}${path}`, 'e', body));
        expect(other).toBe('not found');
        if ((await request('GET', `/sessions/${id}`, 'a')).status === 404) id = await open();
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it('refuses a contributor who answers a request, which an approver finds and answers', async () => {
    await start();
    const id = await open();
    await shareWithBob(id, 'contributor');
    const asked = agents.newest().ask('Bash', { command: 'ls' }, { toolUseID: 't1' });
    await eventually(async () => (await requests('a')).length === 1);
    expect(await requests()).toEqual([]);
    const answer = () => request('POST', `/sessions/${id}/input`, 'b', ALLOW);
    expect(await answer()).toMatchObject(
      refused(403, 'forbidden', /role 'contributor'\. Ask the owner .* the role 'approver'\.$/),
    );
    await shareWithBob(id, 'approver');
    expect(await requests()).toMatchObject([{ session_id: id, correlation_id: 't1' }]);
    expect((await answer()).status).toBe(204);
    expect(await asked).toMatchObject({ behavior: 'allow' });
    expect(await requests()).toEqual([]);
  });

  it.each([
    ['who was removed', [], notFound],
    ['who may only watch now', [{ id: 'bob', role: 'viewer' }], refused(403, 'forbidden', /.*/)],
  ])(
    'refuses the answer of a caller %s while the host decided about it',
    async (_, members, refusal) => {
      const asked = latch();
      const decided = latch();
      await start({
        hooks: {
          canAnswer: async () => {
            asked.release();
            await decided.released;
            return true;
          },
        },
      });
      const id = await open();
      await shareWithBob(id, 'approver');
      void agents.newest().ask('Bash', { command: 'ls' }, { toolUseID: 't1' });
      await eventually(async () => (await requests('a')).length === 1);
      const answer = request('POST', `/sessions/${id}/input`, 'b', ALLOW);
      await asked.released;
      expect((await share(id, members)).status).toBe(200);
      decided.release();
      expect(await answer).toMatchObject(refusal);
      expect(await requests('a')).toMatchObject([{ correlation_id: 't1' }]);
    },
  );

  it('lets canAccess decide last, and follows the role where it returns undefined', async () => {
    let decided: boolean | undefined = undefined;
    const asked: unknown[] = [];
    await start({
      hooks: {
        canAccess: ({ owner }, { id }, action) => {
          asked.push([owner, id, action]);
          return decided;
        },
      },
    });
    const id = await open();
    await shareWithBob(id, 'approver');
    void agents.newest().ask('Bash', { command: 'ls' }, { toolUseID: 't1' });
    await eventually(counts, ([found, waiting]) => found === 1 && waiting === 1);
    decided = false;
    expect(await request('GET', `/sessions/${id}`, 'b')).toMatchObject(notFound);
    expect(await counts()).toEqual([0, 0]);
    decided = true;
    expect((await request('GET', `/sessions/${id}`, 'e')).body).toMatchObject({ role: null });
    expect(await share(id, [], 'e')).toMatchObject(
      refused(403, 'forbidden', /^Only the owner of a session may change its members\.$/),
    );
    expect(asked).toContainEqual(['ann', 'bob', 'answer']);
    expect(asked).not.toContainEqual(['ann', 'eve', 'share']);
  });

  it.each([
    ['members', undefined],
    ['members', 'bob'],
    ['members[0]', ['bob']],
    ['members[0].id', [{ role: 'viewer' }]],
    ['members[0].id', [{ id: '', role: 'viewer' }]],
    ['members[0].id', [{ id: 'x'.repeat(257), role: 'viewer' }]],
    ['members[0].role', [{ id: 'bob' }]],
    ['viewer, contributor, approver', [{ id: 'bob', role: 'owner' }]],
    ["'admin'", [{ id: 'bob', role: 'viewer', admin: true }]],
    ['members[1].id', ['viewer', 'approver'].map((role) => ({ id: 'bob', role }))],
    ['at most 50', Array.from({ length: 51 }, (_, n) => ({ id: `m${n}`, role: 'viewer' }))],
    ['members[0].id: must not be the owner', [{ id: 'ann', role: 'viewer' }]],
  ])('answers 400 with what is wrong: %s', async (field, members) => {
    await start();
    const id = await open();
    await shareWithBob(id, 'viewer');
    expect(await share(id, members)).toMatchObject(invalid(field));
    expect((await request('GET', `/sessions/${id}`, 'a')).body['members']).toHaveLength(1);
  });

  it('ends an open stream when its member is removed, before any later event', async () => {
    await start();
    const id = await open();
    await shareWithBob(id, 'viewer');
    const stream = await server.stream(id, as('b'));
    await stream.next('members_changed');
    await shareWithBob(id, 'contributor');
    await stream.next('members_changed');
    await share(id, [{ id: 'eve', role: 'viewer' }]);
    await say(id, 'secret', 'a');
    await stream.ended();
    expect(stream.isCut).toBe(false);
    expect(stream.names().filter((name) => name === 'members_changed')).toHaveLength(2);
    expect(stream.raw).not.toContain('secret');
    expect((await server.stream(id, as('b'))).status).toBe(404);
  });

  it('ends the streams of a removed member also when the storage cannot tell who may read', async () => {
    const storage = new MemoryStorage();
    const get = storage.records.get.bind(storage.records);
    let isAway = false;
    storage.records.get = (id) =>
      isAway ? Promise.reject(new Error('The database is away.')) : get(id);
    await start({ storage, timeouts: { storageTimeoutMs: 50 } });
    const id = await open();
    await shareWithBob(id, 'viewer');
    const stream = await server.stream(id, as('b'));
    await stream.next('members_changed');
    const all = await JointClient.open(`${server.url}/stream`, as('b'));
    const handle = server.registry.get(id, { id: 'bob' });
    const watched = expect(firstValueFrom(handle.watch().pipe(toArray()))).rejects.toThrow(
      SessionNotFoundError,
    );
    const ann = server.registry.get(id, { id: 'ann' });
    const info = async () => (await request('GET', `/sessions/${id}`, 'a')).body;
    await eventually(async () => Number((await info())['subscribers']) >= 2);
    await ann.setMembers([]);
    isAway = true;
    await ann.send({ type: 'user_message', content: 'secret' });
    await stream.ended();
    await watched;
    expect(stream.raw + all.raw).not.toContain('secret');
    isAway = false;
    all.close();
  });

  it('keeps apart the idempotency keys of members', async () => {
    await start();
    const id = await open();
    await shareWithBob(id, 'contributor');
    const key = { 'idempotency-key': '1' };
    const send = (token: string) =>
      server.request(
        'POST',
        `/sessions/${id}/input`,
        { type: 'user_message', content: `of ${token}` },
        { ...as(token), ...key },
      );
    for (const token of ['a', 'b', 'a', 'b']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await send(token)).status).toBe(204);
    }
    const { body } = await request('GET', `/sessions/${id}/events`, 'a');
    const messages = (body['events'] as Info[]).filter(({ event }) => event === 'user_message');
    expect(messages.map(({ data }) => data)).toMatchObject([
      { content: 'of a', by: 'ann' },
      { content: 'of b', by: 'bob' },
    ]);
  });

  it('names the member who edited a message of another one, and the one who withdrew it', async () => {
    await start();
    const id = await open();
    await shareWithBob(id, 'contributor');
    await say(id, 'long', 'a');
    const queued = { type: 'user_message', content: 'one', message_id: MESSAGE };
    expect((await request('POST', `/sessions/${id}/input`, 'a', queued)).status).toBe(204);
    const path = `/sessions/${id}/queue/${MESSAGE}`;
    expect((await request('PATCH', path, 'b', { content: 'two' })).status).toBe(204);
    expect((await request('DELETE', path, 'b')).status).toBe(204);
    expect((await request('DELETE', path, 'a')).status).toBe(204);
    const { body } = await request('GET', `/sessions/${id}/events`, 'a');
    const data = (name: string) =>
      (body['events'] as Info[]).flatMap((one) => (one['event'] === name ? [one['data']] : []));
    expect(data('message_edited')).toMatchObject([{ message_id: MESSAGE, by: 'bob' }]);
    expect(data('message_withdrawn')).toMatchObject([{ message_id: MESSAGE, by: 'bob' }]);
  });

  it('ends a read that waits, and a watch of the host, when the member is removed', async () => {
    await start();
    const id = await open();
    await shareWithBob(id, 'viewer');
    const { body } = await request('GET', `/sessions/${id}`, 'b');
    const after = Number(body['last_id']);
    const waiting = request('GET', `/sessions/${id}/events?after=${after}&wait=30`, 'b');
    const watch = server.registry.get(id, { id: 'bob' }).watch(after).pipe(toArray());
    const failure = firstValueFrom(watch).catch((error: unknown) => error);
    const subscribers = async () =>
      (await request('GET', `/sessions/${id}`, 'a')).body['subscribers'];
    await eventually(subscribers, (count) => count === 2);
    await share(id, []);
    expect(await waiting).toMatchObject(notFound);
    expect(await failure).toBeInstanceOf(SessionNotFoundError);
  });

  it('ends a read whose wait is over while it is checked if the member may still read', async () => {
    let checks = 0;
    const decided = latch();
    const canAccess = async () => {
      checks += 1;
      if (checks > 2) await decided.released;
      return undefined;
    };
    await start({ hooks: { canAccess } });
    const id = await open();
    await shareWithBob(id, 'viewer');
    const after = Number((await request('GET', `/sessions/${id}`, 'a')).body['last_id']);
    const over = new AbortController();
    const options = { waitMs: 60_000, signal: over.signal };
    const page = server.registry.get(id, { id: 'bob' }).read(after, 100, options);
    const failure = page.then(
      () => null,
      (error: unknown) => error,
    );
    await eventually(() => checks === 2);
    await share(id, []);
    await eventually(() => checks === 3);
    over.abort();
    await eventually(() => checks === 4);
    decided.release();
    expect(await failure).toBeInstanceOf(SessionNotFoundError);
  });

  it('shows in the stream of all sessions when a session is shared, and when that ends', async () => {
    await start();
    const id = await open();
    await say(id, 'before', 'a');
    const client = await JointClient.open(`${server.url}/stream`, as('b'));
    await client.next('stream_start');
    await shareWithBob(id, 'viewer');
    const { session, payload } = await client.next('session_shared');
    expect(session).toBe(id);
    expect(payload).toMatchObject({ session_id: id, owner: 'ann', role: 'viewer' });
    await say(id, 'shown', 'a');
    const said = await client.next('user_message');
    expect(said).toMatchObject({ session: id, payload: { content: 'shown' } });
    expect(said.id).toBeGreaterThan(Number(payload['last_id']));
    await share(id, []);
    await say(id, 'secret', 'a');
    expect(await client.next('session_unshared')).toMatchObject({ session: id, payload: {} });
    await shareWithBob(id, 'approver');
    await client.until(() => client.raw.includes('"role":"approver"'));
    expect(client.raw).not.toContain('secret');
    expect(client.raw).not.toContain('"content":"before"');
    client.close();
  });

  it('begins the stream of all sessions with those that are shared, also when it is resumed', async () => {
    await start();
    const id = await open();
    await shareWithBob(id, 'viewer');
    const first = await JointClient.open(`${server.url}/stream`, as('b'));
    expect((await first.next('stream_start')).payload).toMatchObject({
      sessions: [{ session_id: id }],
      complete: true,
    });
    const { cursor } = first;
    first.close();
    const later = await open();
    await say(later, 'before', 'a');
    await share(later, [{ id: 'bob', role: 'viewer' }]);
    await share(id, []);
    const again = await JointClient.open(`${server.url}/stream?last_event_id=${cursor}`, as('b'));
    expect(await again.next('session_shared')).toMatchObject({ session: later });
    expect((await again.next('stream_start')).payload['sessions']).toMatchObject([
      { session_id: later },
    ]);
    await say(later, 'shown', 'a');
    await again.next('user_message');
    expect(again.raw).not.toContain('"content":"before"');
    again.close();
  });
});
