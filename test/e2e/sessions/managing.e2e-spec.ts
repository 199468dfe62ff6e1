import { afterEach, describe, expect, it } from '@jest/globals';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { invalid } from '../../support/refused.js';
import { ADAPTERS, startFakeApp, type TestApp } from '../../support/start-app.js';

type Events = { events: { event: string; data: Record<string, unknown> }[] };

describe.each(ADAPTERS)('Managing sessions on %s', (adapter) => {
  let server: TestApp;
  const start = async (options: AgentWebkitModuleOptions = {}) => {
    ({ server } = await startFakeApp(options, { adapter }));
  };
  const create = async (body: object) => {
    const answer = await server.request('POST', '/sessions', body);
    expect(answer.status).toBe(200);
    return String(answer.body['session_id']);
  };
  const change = (id: string, body: object) => server.request('PATCH', `/sessions/${id}`, body);
  const changes = async (id: string) => {
    const { body } = await server.request('GET', `/sessions/${id}/events`);
    return (body as unknown as Events).events
      .filter(({ event }) => event === 'session_changed')
      .map(({ data }) => ({ by: data['by'], ...data, time: undefined }));
  };
  afterEach(() => server.close());

  it('stores what a client notes about a new session', async () => {
    await start();
    const details = { title: 'Invoices', metadata: { project: 'shop', round: 3, urgent: true } };
    const id = await create({ ...details, archived: true });
    const described = { ...details, title_source: 'client', archived: true };
    expect(await server.info(id)).toMatchObject(described);
    const { body } = await server.request('GET', '/sessions');
    expect(body).toMatchObject({ sessions: [{ session_id: id, ...described }] });
  });

  it('describes a session of which nothing is noted', async () => {
    await start();
    const id = await server.createSession();
    expect(await server.info(id)).toMatchObject({
      title: null,
      title_source: null,
      metadata: {},
      archived: false,
    });
  });

  it('makes a title from the first message, which a given title replaces until it is cleared', async () => {
    await start();
    const id = await server.createSession();
    await server.say(id, '  Why does\nthe build fail?  ');
    const made = { title: 'Why does the build fail?', title_source: 'message' };
    expect(await server.info(id)).toMatchObject(made);
    await server.say(id, 'Something else');
    expect(await server.info(id)).toMatchObject(made);
    const answer = await change(id, { title: 'The build' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      session_id: id,
      title: 'The build',
      title_source: 'client',
    });
    expect((await change(id, { title: null })).body).toMatchObject(made);
  });

  it('tells subscribers each change, and nothing where nothing changes', async () => {
    await start();
    const id = await create({ metadata: { project: 'shop' } });
    const { last_activity_at } = await server.info(id);
    await change(id, { archived: true, other: 1 });
    await change(id, { archived: true });
    await change(id, { metadata: { project: 'shop' } });
    await change(id, {});
    await change(id, { metadata: { project: null, round: 1 }, title: 'New' });
    await change(id, { metadata: null, archived: null });
    const [{ by } = {}] = await changes(id);
    expect(typeof by).toBe('string');
    expect(await changes(id)).toEqual([
      { archived: true, by },
      { title: 'New', title_source: 'client', metadata: { round: 1 }, by },
      { metadata: {}, archived: false, by },
    ]);
    expect(await server.info(id)).toMatchObject({ last_activity_at, metadata: {}, title: 'New' });
  });

  it.each([
    [{ title: '' }, 'title: must not be only white space, but got "".'],
    [{ title: ' ' }, 'title: must not be only white space, but got " ".'],
    [{ title: 1 }, 'title: must be a string of 1 to 200 characters, but got 1.'],
    [{ archived: 'yes' }, 'archived: must be a boolean value, but got "yes".'],
    [{ metadata: [] }, 'metadata: must be an object'],
    [{ metadata: { a: [] } }, 'metadata.a: must be a string, a number'],
    [{ metadata: { '1': 'x' } }, 'metadata: a key must be a letter, then'],
    [
      { metadata: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, n])) },
      'metadata: must have at most 50 keys, but has 51',
    ],
    [
      { metadata: { a: 'x'.repeat(8192) } },
      'metadata: must have at most 8192 characters as JSON, but has 8200',
    ],
  ])('names the bound that a request exceeds: %j', async (body, message) => {
    await start();
    const id = await server.createSession();
    for (const answer of [await server.request('POST', '/sessions', body), await change(id, body)])
      expect(answer).toMatchObject({
        status: 400,
        body: { code: 'invalid_request', message: expect.stringContaining(message) },
      });
    expect(await changes(id)).toEqual([]);
  });

  it('bounds the metadata also after several changes', async () => {
    await start();
    const id = await create({ metadata: { a: 'x'.repeat(5000) } });
    expect(await change(id, { metadata: { b: 'x'.repeat(5000) } })).toMatchObject(
      invalid('metadata: must have at most 8192 characters as JSON, but has 10015.'),
    );
    expect(await server.info(id)).toMatchObject({ metadata: { a: 'x'.repeat(5000) } });
  });

  it('lets only callers change a session who may send messages to it', async () => {
    await start({
      auth: { verify: ({ headers }) => ({ id: String(headers['x-user'] ?? 'ada') }) },
      hooks: { canAccess: (_, caller, action) => caller.id === 'bob' && action === 'read' },
    });
    const id = await server.createSession();
    const as = (user: string) =>
      server.request('PATCH', `/sessions/${id}`, { archived: true }, { 'X-User': user });
    expect(await as('bob')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await as('eve')).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
    expect(await as('ada')).toMatchObject({ status: 200, body: { archived: true } });
  });
});
