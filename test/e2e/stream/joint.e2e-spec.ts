import { afterEach, describe, expect, it } from '@jest/globals';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import type { Caller } from '../../../src/agent-webkit/engine/caller.js';
import { eventually } from '../../support/eventually.js';
import { JointClient } from '../../support/joint-client.js';
import { invalid, refused } from '../../support/refused.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';

const ANN = { authorization: 'Bearer ann' };
const BEN = { authorization: 'Bearer ben' };
const UNKNOWN = '2e5ff41d-3a3c-4c4a-9a57-9b2f8a4fc1c7';
const bytes = (...values: number[]) => `last_event_id=${Buffer.from(values).toString('base64url')}`;
const isRising = (ids: readonly number[]) => ids.every((id, n) => n === 0 || id > ids[n - 1]!);

describe.each(ADAPTERS)('GET /stream on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  let clients: JointClient[] = [];
  const start = async (options: AgentWebkitModuleOptions = {}) => {
    const auth = { tokens: ['ann:ann', 'ben:ben'] };
    ({ server, agents } = await startFakeApp({ auth, ...options }, { adapter, headers: ANN }));
  };
  const open = async (query = '', headers: Record<string, string> = ANN) => {
    const client = await JointClient.open(`${server.url}/stream${query}`, headers);
    clients.push(client);
    return client;
  };
  const create = async (headers = ANN) => {
    const { body } = await server.request('POST', '/sessions', {}, headers);
    return String(body['session_id']);
  };
  const say = async (id: string, content = 'go', headers = ANN) => {
    const message = { type: 'user_message', content };
    return (await server.request('POST', `/sessions/${id}/input`, message, headers)).status;
  };
  /** The ids of the events of a session, as its own route returns them. */
  const stored = async (id: string) => {
    const { body } = await server.request('GET', `/sessions/${id}/events`);
    return (body['events'] as { id: number }[]).map((event) => event.id);
  };
  const lastOf = async (id: string) => Number((await server.info(id))['last_id']);

  afterEach(async () => {
    for (const client of clients) client.close();
    clients = [];
    await server.close();
  });

  it('begins now: it names the sessions and their last ids, and delivers what happens from then on', async () => {
    await start();
    const [a, b] = [await create(), await create()];
    await say(a);
    const lastIds = new Map([
      [a, await lastOf(a)],
      [b, await lastOf(b)],
    ]);
    const client = await open();
    expect(client.status).toBe(200);
    expect(client.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(client.headers['cache-control']).toContain('no-store');
    const { session, id, payload } = await client.next('stream_start');
    expect([session, id]).toEqual([null, undefined]);
    const named = payload['sessions'] as { session_id: string; last_id: number }[];
    expect(new Map(named.map((one) => [one.session_id, one.last_id]))).toEqual(lastIds);
    expect(payload['complete']).toBe(true);

    await say(b, 'one');
    await say(a, 'two');
    await client.next('user_message', b);
    await client.next('user_message', a);
    const expected = (await stored(a)).filter((one) => one > lastIds.get(a)!);
    await client.until(() => client.idsOf(a).length >= expected.length);
    expect(client.idsOf(a)).toEqual(expected);
    const { events } = (await server.request('GET', `/sessions/${b}/events`)).body as {
      events: { id: number; event: string; data: object }[];
    };
    const delivered = client.events.filter((event) => event.session === b);
    expect(
      delivered.map(({ event, id: eventId, payload: data }) => ({ id: eventId, event, data })),
    ).toEqual(events.filter((event) => event.id > lastIds.get(b)!).slice(0, delivered.length));
  });

  it('resumes every session after its last event, from one cursor', async () => {
    await start();
    const [a, b] = [await create(), await create()];
    const first = await open();
    await first.next('stream_start');
    await say(a, 'one');
    await first.next('turn_start', a);
    const cursor = await first.settled();
    first.close();
    const [seenA, seenB] = [first.idsOf(a).at(-1)!, 0];
    await say(b, 'two');
    await say(b, 'three');
    for (const [query, headers] of [
      ['', { ...ANN, 'last-event-id': cursor }],
      [`?last_event_id=${cursor}`, ANN],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one stream after the other
      const again = await open(query, headers);
      // oxlint-disable-next-line no-await-in-loop -- as above
      await again.next('user_message', b, 2);
      expect(again.names(b).filter((name) => name === 'user_message')).toHaveLength(2);
      expect(again.idsOf(a).every((id) => id > seenA)).toBe(true);
      expect(again.idsOf(b).every((id) => id > seenB)).toBe(true);
      expect(again.names()).not.toContain('stream_gap');
    }
  });

  it('reports sessions that are created and deleted, also while the client is away', async () => {
    await start();
    const client = await open();
    await client.next('stream_start');
    const a = await create();
    const created = await client.next('session_created', a);
    const { body } = await server.request('GET', `/sessions/${a}`);
    expect(Object.keys(created.payload)).toEqual(Object.keys(body));
    await client.next('session_ready', a);
    expect(client.idsOf(a)[0]).toBe(1);
    await server.request('DELETE', `/sessions/${a}`);
    await client.next('session_deleted', a);
    expect(client.names(a)).toEqual([
      'session_created',
      'session_ready',
      'done',
      'session_deleted',
    ]);

    const cursor = await client.settled();
    client.close();
    const b = await create();
    await say(b);
    const again = await open(`?last_event_id=${cursor}`);
    await again.next('user_message', b);
    expect(again.names(b).slice(0, 2)).toEqual(['session_created', 'session_ready']);
    expect(again.idsOf(b)[0]).toBe(1);
    expect(again.names()).not.toContain('stream_gap');
  });

  it('delivers a request of the agent, and its answer', async () => {
    await start();
    const a = await create();
    const client = await open();
    await client.next('stream_start');
    await say(a);
    const agent = agents.newest();
    await agent.received(1);
    void agent.ask('Bash', { command: 'ls' }, { toolUseID: 'toolu_1' });
    const { payload } = await client.next('permission_request', a);
    expect(payload['correlation_id']).toBe('toolu_1');
    await server.input(a, {
      type: 'permission_response',
      correlation_id: 'toolu_1',
      behavior: 'allow',
    });
    expect((await client.next('request_resolved', a)).payload['outcome']).toBe('allowed');
  });

  it('has no events of other callers, unless they are named and may be read', async () => {
    let mayRead = true;
    const canAccess = (_: unknown, caller: Caller) => caller.id === 'ben' && mayRead;
    await start({ hooks: { canAccess }, stream: { verifyIntervalMs: 5 } });
    const a = await create(ANN);
    const b = await create(BEN);
    const ben = await open('', BEN);
    const named = await open(`?sessions=${a},${b}`, BEN);
    const ann = await open(`?sessions=${a},${b}`, ANN);
    await named.next('stream_start');
    expect((await ann.next('session_unreadable')).session).toBe(b);
    await say(a, 'for ann', ANN);
    await named.next('user_message', a);
    await say(b, 'for ben', BEN);
    await ben.next('user_message', b);
    await named.next('user_message', b);
    expect(ben.names(a)).toEqual([]);
    expect(ann.names(b)).toEqual(['session_unreadable']);

    mayRead = false;
    await named.next('session_unreadable', a);
    const before = named.idsOf(a).length;
    await say(a, 'again', ANN);
    await say(b, 'again', BEN);
    await named.next('user_message', b, 2);
    expect(named.idsOf(a)).toHaveLength(before);
    expect(named.isEnded).toBe(false);
  });

  it('ends with the credentials of its caller', async () => {
    let isKnown = true;
    const verify = () => (isKnown ? { id: 'ann' } : null);
    await start({ auth: { verify }, stream: { verifyIntervalMs: 5 } });
    const client = await open();
    await client.next('stream_start');
    isKnown = false;
    await client.ended();
    expect((await open()).status).toBe(401);
  });

  it('does not keep an agent that is idle', async () => {
    await start({ timeouts: { idleTimeoutMs: 20 } });
    const client = await open();
    await client.next('stream_start');
    const a = await create();
    await client.next('session_ready', a);
    await client.next('session_state', a);
    expect(await server.info(a)).toMatchObject({ state: 'dormant', subscribers: 0 });
    await say(a);
    await client.next('user_message', a);
  });

  it('lets no session starve another one', async () => {
    await start();
    const [a, b] = [await create(), await create()];
    const client = await open();
    await client.next('stream_start');
    const cursor = client.cursor;
    client.close();
    for (let n = 0; n < 60; n += 1) await say(a, 'x'.repeat(5000)); // oxlint-disable-line no-await-in-loop
    await say(b, 'short');
    const again = await open(`?last_event_id=${cursor}`);
    await again.next('user_message', a, 60);
    const said = again.events.filter(({ event }) => event === 'user_message');
    expect(said.findIndex(({ session }) => session === b)).toBeLessThan(10);
    expect(isRising(again.idsOf(a))).toBe(true);
  });

  it('disconnects a client that does not read, which resumes without a gap', async () => {
    await start({
      stream: { maxWaitingBytes: 100_000 },
      limits: { maxQueuedMessages: 10_000 },
      retention: { maxEvents: 10_000, maxLogChars: 100_000_000 },
    });
    const a = await create();
    const [slow, fast] = [await open(), await open()];
    await Promise.all([slow.next('stream_start'), fast.next('stream_start')]);
    const { cursor } = slow;
    slow.pause();
    const message = 'x'.repeat(60_000);
    // More than the buffers of a connection hold.
    for (let n = 0; n < 200; n += 1) await say(a, message); // oxlint-disable-line no-await-in-loop
    slow.resume();
    await slow.ended();
    expect(slow.isCut).toBe(true);
    const again = await open(`?last_event_id=${cursor}`);
    const all = (await stored(a)).filter((id) => id > 1);
    await again.until(() => again.idsOf(a).length >= all.length);
    expect(again.idsOf(a).slice(0, all.length)).toEqual(all);
    expect(again.names()).not.toContain('stream_gap');
    await fast.until(() => fast.idsOf(a).length >= all.length);
    expect(fast.idsOf(a).slice(0, all.length)).toEqual(all);
  });

  it.each([
    ['another text', 'last_event_id=nonsense!'],
    ['cut off', 'last_event_id=AQEF'],
    ['an id of a session’s own stream', 'last_event_id=12'],
    ['too long', `last_event_id=${'A'.repeat(9000)}`],
    ['cut off in an entry', bytes(1, 0, 5, 0, 1, 2, 3)],
    ['of another version', bytes(2, 0, 5, 0)],
    ['with unknown flags', bytes(1, 9, 5, 0)],
    ['with an impossible length', bytes(1, 0, 200, 0)],
    ['with a number that is too large', bytes(1, 0, 5, ...Array<number>(12).fill(255))],
    ['with a session twice', bytes(1, 0, 5, 0, 1, 2, 3, 4, 5, 7, 1, 2, 3, 4, 5, 8)],
    ['given twice', 'last_event_id=AQAFAA&last_event_id=AQAFAA'],
    ['a list without ids', 'sessions='],
    ['a list with another text', 'sessions=a'],
    ['a list that is too long', `sessions=${Array(201).fill(UNKNOWN).join(',')}`],
  ])('answers 400 to a cursor or a list that is invalid: %s', async (_, query) => {
    await start();
    const answer = await server.request('GET', `/stream?${query}`);
    expect(answer).toMatchObject(
      refused(400, 'invalid_request', /^(Last-Event-ID|last_event_id|sessions): /),
    );
  });

  it('refuses a caller who has too many of them, until one is closed', async () => {
    await start({ stream: { maxStreamsPerCaller: 2 } });
    const first = await open();
    await open();
    expect(await server.request('GET', '/stream')).toMatchObject(
      refused(429, 'too_many_subscribers', /^You have reached the limit of 2 open streams\./),
    );
    await (await open('', BEN)).next('stream_start');
    first.close();
    await eventually(async () => {
      const { status } = await open();
      return status === 200;
    });
  });

  it('needs a valid token', async () => {
    await start();
    const answer = await server.request('GET', '/stream', undefined, { authorization: 'x' });
    expect(answer).toMatchObject(refused(401, 'unauthorized', /./));
    expect(await server.request('GET', '/stream?sessions=x')).toMatchObject(invalid('sessions'));
  });
});
