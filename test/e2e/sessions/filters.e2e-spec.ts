import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { invalid } from '../../support/refused.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';

type Page = { sessions: { session_id: string; title: string }[]; next_cursor: string | null };

describe.each(ADAPTERS)('The filters of a listing on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  beforeEach(async () => {
    ({ server, agents } = await startFakeApp(
      { auth: { tokens: ['ann:a', 'bob:b'] } },
      { adapter, headers: { authorization: 'Bearer a' } },
    ));
  });
  afterEach(() => server.close());

  const create = async (body: object) => {
    const answer = await server.request('POST', '/sessions', body);
    return String(answer.body['session_id']);
  };
  const list = async (query = '', headers = {}) => {
    const { status, body } = await server.request('GET', `/sessions${query}`, undefined, headers);
    expect(status).toBe(200);
    return body as unknown as Page;
  };
  const titles = async (query: string, headers = {}) =>
    (await list(query, headers)).sessions.map(({ title }) => title);

  it('find titles by a part, in upper and lower case, and what stands for itself', async () => {
    for (const title of ['Invoices of MAY', 'may I?', '100 % _sure_', 'Straße', 'other']) {
      // oxlint-disable-next-line no-await-in-loop -- in the order of their creation
      await create({ title });
    }
    expect((await titles('?q=may')).sort()).toEqual(['Invoices of MAY', 'may I?']);
    expect(await titles('?q=STRAßE')).toEqual(['Straße']);
    expect(await titles(`?q=${encodeURIComponent('% _')}`)).toEqual(['100 % _sure_']);
    expect(await titles(`?q=${encodeURIComponent('_')}`)).toEqual(['100 % _sure_']);
    expect(await titles('?q=nothing')).toEqual([]);
    expect(await titles('?q=may', { authorization: 'Bearer b' })).toEqual([]);
  });

  it('find a title that is made from a message, and one that was changed', async () => {
    const [first, second] = [await create({}), await create({ title: 'build' })];
    await server.say(first, 'Why does the build fail?');
    await server.request('PATCH', `/sessions/${second}`, { title: 'release' });
    expect(await titles('?q=build')).toEqual(['Why does the build fail?']);
    expect(await titles('?q=release')).toEqual(['release']);
  });

  it('find archived sessions, and those that are not', async () => {
    const id = await create({ title: 'old' });
    await create({ title: 'new' });
    await server.request('PATCH', `/sessions/${id}`, { archived: true });
    expect(await titles('?archived=true')).toEqual(['old']);
    expect(await titles('?archived=false')).toEqual(['new']);
    expect(await titles('')).toHaveLength(2);
  });

  it('find sessions by their state', async () => {
    const running = await create({ title: 'running' });
    await create({ title: 'idle' });
    await server.say(running, 'work');
    await agents.newest().received(0);
    expect(await titles('?state=running')).toEqual(['running']);
    expect(await titles('?state=idle')).toEqual(['idle']);
    expect(await titles('?state=awaiting')).toEqual([]);
  });

  it('find sessions by all of the given metadata', async () => {
    await create({ title: 'a', metadata: { project: 'shop', round: 3 } });
    await create({ title: 'b', metadata: { project: 'shop', round: 4, 'x.y': true } });
    expect((await titles('?metadata[project]=shop')).sort()).toEqual(['a', 'b']);
    expect(await titles('?metadata[project]=shop&metadata[round]=3')).toEqual(['a']);
    expect(await titles('?metadata%5Bx.y%5D=true')).toEqual(['b']);
    expect(await titles('?metadata[project]=other')).toEqual([]);
    expect(await titles('?metadata[__proto__]=x')).toEqual([]);
  });

  it('list in the order of creation, each session once, while sessions are used', async () => {
    const ids: string[] = [];
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (const title of ['1', '2', '3', '4', '5']) ids.push(await create({ title }));
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const next: string = cursor === '' ? '' : `&cursor=${cursor}`;
      // oxlint-disable-next-line no-await-in-loop -- one page after the other
      const page: Page = await list(`?order=created&limit=2${next}`);
      seen.push(...page.sessions.map(({ title }) => title));
      cursor = page.next_cursor;
      // oxlint-disable-next-line no-await-in-loop -- between the pages
      await server.say(ids[0] ?? '', 'used');
    }
    expect(seen.sort()).toEqual(['1', '2', '3', '4', '5']);
  });

  it.each([
    ['?archived=yes', 'archived'],
    ['?state=closed', 'state'],
    ['?order=title', 'order'],
    [`?q=${'x'.repeat(201)}`, 'q'],
    ['?q=a&q=b', 'q'],
    ['?metadata=x', 'metadata'],
    ['?metadata[a]=1&metadata[a]=2', 'metadata[a]'],
    [`?${Array.from({ length: 11 }, (_, n) => `metadata[k${n}]=1`).join('&')}`, 'metadata'],
  ])('reject %s', async (query, field) => {
    expect(await server.request('GET', `/sessions${query}`)).toMatchObject(invalid(field));
  });

  it('reject a cursor of another order', async () => {
    await create({});
    await create({});
    const { next_cursor: cursor } = await list('?limit=1');
    const answer = await server.request('GET', `/sessions?order=created&cursor=${cursor}`);
    expect(answer).toMatchObject(invalid('cursor: must be the next_cursor of a listing with'));
    const created = await list('?limit=1&order=created');
    expect(await server.request('GET', `/sessions?cursor=${created.next_cursor}`)).toMatchObject(
      invalid('cursor'),
    );
  });
});
