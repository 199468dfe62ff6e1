import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { eventually } from '../../support/eventually.js';
import { refused } from '../../support/refused.js';
import { assistant, result, text } from '../../support/sdk-messages.js';
import {
  ADAPTERS,
  type FakeAgents,
  startApp,
  startFakeApp,
  type TestApp,
} from '../../support/start-app.js';

describe.each(ADAPTERS)('the stream on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  const start = async (options: AgentWebkitModuleOptions = {}) => {
    ({ server, agents } = await startFakeApp(options, { adapter }));
  };
  /** One turn of four events: user_message, turn_start, message_complete, result. */
  const turn = async (id: string, n: number, content = `answer ${n}`) => {
    await server.say(id, `question ${n}`);
    await agents.newest().received(n);
    agents.newest().say(assistant([text(content)]), result({ cost: n }));
    const last = 1 + 4 * n;
    await eventually(async () => (await server.info(id))['last_id'] === last);
  };
  afterEach(() => server.close());

  it('begins with session_ready, whose id is 1', async () => {
    await start();
    const id = await server.createSession();
    const stream = await server.stream(id);
    expect(await stream.next('session_ready')).toEqual({
      id: 1,
      event: 'session_ready',
      data: { session_id: id, protocol_version: '1.0' },
    });
    expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(stream.headers['cache-control']).toContain('no-store');
  });

  it.each([
    ['no cursor', {}, ''],
    ['the header 0', { 'last-event-id': '0' }, ''],
    ['the query 0', {}, '?last_event_id=0'],
  ])('sends every kept event, then live events, for %s', async (_, headers, query) => {
    await start();
    const id = await server.createSession();
    await turn(id, 1);
    const stream = await server.stream(id, headers, query);
    await stream.next('result');
    await turn(id, 2);
    await stream.next('result');
    expect(stream.ids()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it.each([
    ['the header', { 'last-event-id': '3' }, ''],
    ['the query', {}, '?last_event_id=3'],
    ['the header rather than the query', { 'last-event-id': '3' }, '?last_event_id=1'],
  ])('sends only the events after the cursor of %s', async (_, headers, query) => {
    await start();
    const id = await server.createSession();
    await turn(id, 1);
    const stream = await server.stream(id, headers, query);
    await turn(id, 2);
    await stream.until(() => stream.events.length === 6);
    expect(stream.ids()).toEqual([4, 5, 6, 7, 8, 9]);
  });

  it('sends nothing until the next event when the cursor is the last event', async () => {
    await start();
    const id = await server.createSession();
    const stream = await server.stream(id, { 'last-event-id': '1' });
    await server.say(id, 'hi');
    await stream.next('user_message');
    expect(stream.ids()[0]).toBe(2);
  });

  it.each(['-1', '1.5', 'abc', '1e3', '0x1', '', ' ', '9'.repeat(30), '1,2'])(
    'refuses the cursor %j with 400 before the first byte',
    async (cursor) => {
      await start();
      const id = await server.createSession();
      const no = refused(400, 'invalid_request', /Last-Event-ID/);
      const path = `/sessions/${id}/stream`;
      const byHeader = await server.request('GET', path, undefined, { 'last-event-id': cursor });
      expect(byHeader).toMatchObject(no);
      expect(byHeader.headers.get('content-type')).toContain('application/json');
      const query = `?last_event_id=${encodeURIComponent(cursor)}`;
      expect(await server.request('GET', path + query)).toMatchObject(no);
    },
  );

  it('rejects a query with two cursors with 400', async () => {
    await start();
    const id = await server.createSession();
    const path = `/sessions/${id}/stream?last_event_id=1&last_event_id=1`;
    expect(await server.request('GET', path)).toMatchObject(
      refused(400, 'invalid_request', /Last-Event-ID/),
    );
  });

  it('rejects a cursor with 412 when its next event was evicted, and when it is after the last event', async () => {
    await start({ retention: { maxEvents: 4 } });
    const id = await server.createSession();
    await turn(id, 1);
    await turn(id, 2);
    const get = (cursor: string) =>
      server.request('GET', `/sessions/${id}/stream`, undefined, { 'last-event-id': cursor });
    expect(await get('4')).toMatchObject(refused(412, 'cursor_evicted', /oldest is 6/));
    expect(await get('10')).toMatchObject(refused(412, 'cursor_ahead', /last is 9/));
    const oldest = await server.stream(id, { 'last-event-id': '5' });
    await oldest.next('result');
    expect(oldest.ids()).toEqual([6, 7, 8, 9]);
    expect(await server.info(id)).toMatchObject({ first_id: 6, last_id: 9 });
  });

  it('sends an open request and a queued message however old they are', async () => {
    await start({ retention: { maxEvents: 3 } });
    const id = await server.createSession();
    await server.say(id, 'runs');
    await server.say(id, 'waits');
    const agent = agents.newest();
    await agent.received(1);
    void agent.ask('Bash', { command: 'ls' }, { toolUseID: 'open' });
    agent.say(...Array.from({ length: 10 }, () => assistant([text('on')])));
    await eventually(async () => (await server.info(id))['last_id'] === 15);
    const stream = await server.stream(id);
    await stream.until(() => stream.ids().at(-1) === 15);
    expect(stream.names()).toEqual(
      ['user_message', 'turn_start', 'user_message', 'permission_request'].concat(
        Array.from({ length: 3 }, () => 'message_complete'),
      ),
    );
  });

  it('sends keep-alive comments without an id', async () => {
    await start({ stream: { keepAliveMs: 20 } });
    const id = await server.createSession();
    const stream = await server.stream(id);
    await stream.until(() => stream.comments.length >= 3);
    expect(new Set(stream.comments)).toEqual(new Set(['keepalive']));
    expect(stream.raw.match(/^id: /gm)).toHaveLength(1);
    await server.say(id, 'hi');
    expect((await stream.next('user_message')).id).toBe(2);
  });

  it('serves several subscribers, each from its own cursor', async () => {
    await start();
    const id = await server.createSession();
    await turn(id, 1);
    const streams = await Promise.all(
      [0, 2, 5].map((cursor) => server.stream(id, { 'last-event-id': String(cursor) })),
    );
    expect((await server.info(id))['subscribers']).toBe(3);
    await turn(id, 2);
    await Promise.all(streams.map((stream) => stream.until(() => stream.ids().at(-1) === 9)));
    expect(streams.map((stream) => stream.ids()[0])).toEqual([1, 3, 6]);
  });

  it('does not stop the agent when the last subscriber disconnects, and resumes without a gap', async () => {
    await start();
    const id = await server.createSession();
    const first = await server.stream(id);
    await server.say(id, 'hi');
    await first.next('turn_start');
    first.close();
    await eventually(async () => (await server.info(id))['subscribers'] === 0);
    const agent = agents.newest();
    await agent.received(1);
    expect(agent.calls).toEqual([]);
    agent.say(assistant([text('done anyway')]), result());
    const second = await server.stream(id, { 'last-event-id': '3' });
    await second.next('result');
    expect(second.ids()).toEqual([4, 5]);
  });

  it('disconnects a subscriber for which more than maxWaitingBytes wait, although every event is kept', async () => {
    await start({ stream: { maxWaitingBytes: 3_000_000 } });
    const id = await server.createSession();
    const { hostname, port } = new URL(server.url);
    const stuck = connect(Number(port), hostname);
    stuck.on('error', () => undefined);
    stuck.write(`GET /sessions/${id}/stream HTTP/1.1\r\nHost: x\r\n\r\n`);
    await once(stuck, 'data');
    stuck.pause();
    let turns = 0;
    // However much of it the system takes, which is never read.
    while ((await server.info(id))['subscribers'] === 1) {
      turns += 1;
      await turn(id, turns, 'x'.repeat(500_000));
    }
    expect(turns).toBeGreaterThan(6);
    expect(await server.info(id)).toMatchObject({ first_id: 1 });
    stuck.destroy();
  });

  it('reaches a fast subscriber beside one that does not read, and disconnects the latter', async () => {
    await start({ retention: { maxEvents: 20 } });
    const id = await server.createSession();
    const { hostname, port } = new URL(server.url);
    const slow = connect(Number(port), hostname);
    slow.write(`GET /sessions/${id}/stream HTTP/1.1\r\nHost: x\r\n\r\n`);
    await once(slow, 'data');
    slow.pause();
    const fast = await server.stream(id);
    const large = 'x'.repeat(500_000);
    for (let n = 1; n <= 25; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      await turn(id, n, large);
    }
    await fast.until(() => fast.ids().at(-1) === 101);
    expect(fast.ids()).toEqual(Array.from({ length: 101 }, (_, index) => index + 1));
    const received: string[] = [];
    slow.setEncoding('utf8').on('data', (chunk: string) => received.push(chunk));
    slow.on('error', () => undefined);
    slow.resume();
    await once(slow, 'close');
    const ids = [...received.join('').matchAll(/^id: (\d+)$/gm)].map(([, seq]) => Number(seq));
    expect(ids).toEqual(ids.map((_, index) => (ids[0] ?? 0) + index));
    expect(ids.at(-1)).toBeLessThan(101);
  });

  it('ends with done for every subscriber when the session is deleted', async () => {
    await start();
    const id = await server.createSession();
    const streams = await Promise.all([server.stream(id), server.stream(id)]);
    expect((await server.request('DELETE', `/sessions/${id}`)).status).toBe(204);
    for (const stream of streams) {
      await stream.ended();
      expect(stream.events.at(-1)).toEqual({ id: 2, event: 'done', data: {} });
    }
  });

  it('resumes on a server that had the session before, from a cursor of the server that took it over', async () => {
    const storage = new MemoryStorage();
    await start({ storage });
    const next = await startApp({ agent: { sdkFactory: agents.factory }, storage }, { adapter });
    const seenElsewhere = async () => {
      const id = await server.createSession();
      await server.stream(id);
      await next.say(id, 'said elsewhere');
      return [id, Number((await next.info(id))['last_id'])] as const;
    };
    const [followed, cursor] = await seenElsewhere();
    const stream = await server.stream(followed, { 'last-event-id': String(cursor) });
    await server.say(followed, 'goes on');
    await stream.next('user_message');
    expect(stream.ids()[0]).toBeGreaterThan(cursor);
    const [read, after] = await seenElsewhere();
    const page = await server.request('GET', `/sessions/${read}/events?after=${after}`);
    expect(page.status).toBe(200);
    const ahead = await server.request('GET', `/sessions/${read}/events?after=${2 ** 50}`);
    expect(ahead).toMatchObject(refused(412, 'cursor_ahead', /does not exist/));
    await next.close();
  });

  it('answers 404 for a session that does not exist', async () => {
    await start();
    expect(await server.request('GET', '/sessions/nobody/stream')).toMatchObject(
      refused(404, 'session_not_found', /^Session not found/),
    );
  });
});
