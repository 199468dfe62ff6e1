import { afterEach, describe, expect, it } from '@jest/globals';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { eventually } from '../../support/eventually.js';
import { invalid, refused } from '../../support/refused.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';

const ANN = { authorization: 'Bearer ann' };
const BEN = { authorization: 'Bearer ben' };
const QUESTIONS = { questions: [{ question: 'Which colour?', options: [{ label: 'red' }] }] };

type Listed = Record<string, unknown> & { session_id: string; correlation_id: string };
type Page = { requests: Listed[]; next_cursor: string | null };

const cursorOf = (text: string) => `cursor=${Buffer.from(text).toString('base64url')}`;
const idsOf = ({ requests }: Page) => requests.map(({ correlation_id: id }) => id);

describe.each(ADAPTERS)('The open requests over all sessions on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  const start = async (options: AgentWebkitModuleOptions = {}) => {
    const auth = { tokens: ['ann:ann', 'ben:ben'] };
    ({ server, agents } = await startFakeApp({ auth, ...options }, { adapter, headers: ANN }));
  };
  const page = async (query = '', headers = ANN) =>
    (await server.request('GET', `/requests${query}`, undefined, headers)).body as unknown as Page;
  /** Starts a session whose agent makes requests with these ids, one after the other. */
  const asking = async (ids: readonly string[], headers = ANN) => {
    const created = await server.request('POST', '/sessions', {}, headers);
    const id = String(created.body['session_id']);
    const message = { type: 'user_message', content: 'go' };
    await server.request('POST', `/sessions/${id}/input`, message, headers);
    const agent = agents.newest();
    await agent.received(1);
    const requests = async () => (await page('?limit=100', headers)).requests;
    for (const toolUseID of ids) {
      void agent.ask('Bash', { command: toolUseID }, { toolUseID });
      const isOpen = async () =>
        (await requests()).some(({ correlation_id }) => correlation_id === toolUseID);
      await eventually(isOpen);
      const at = Date.now();
      await eventually(() => Date.now() > at); // so that the times differ
    }
    return id;
  };
  const decide = (id: string, correlation_id: string, behavior = 'allow') =>
    server.input(id, { type: 'permission_response', correlation_id, behavior });
  afterEach(() => server.close());

  it('are listed with their sessions as the sessions describe them, the oldest first', async () => {
    await start();
    const first = await asking(['a1', 'a2']);
    const second = await asking(['b1']);
    void agents.newest().ask('AskUserQuestion', QUESTIONS, { toolUseID: 'b2' });
    const answer = await eventually(page, ({ requests }) => requests.length === 4);

    expect(answer.next_cursor).toBeNull();
    expect(answer.requests.map(({ session_id }) => session_id)).toEqual([
      first,
      first,
      second,
      second,
    ]);
    for (const id of [first, second]) {
      const { pending } = (await server.info(id)) as { pending: { time: string }[] };
      const expected = pending.map((request) => ({
        session_id: id,
        opened_at: request.time,
        ...request,
      }));
      expect(answer.requests.filter(({ session_id }) => session_id === id)).toEqual(expected);
    }
    expect(answer.requests.map(({ event }) => event)).toEqual([
      'permission_request',
      'permission_request',
      'permission_request',
      'ask_user_question',
    ]);
  });

  it('are on one page each, also when some are answered between two pages', async () => {
    await start();
    const id = await asking(['a1', 'a2', 'a3']);
    await asking(['b1', 'b2']);
    const first = await page('?limit=2');
    expect(idsOf(first)).toEqual(['a1', 'a2']);
    await decide(id, 'a1');
    await decide(id, 'a3');
    const second = await page(`?limit=2&cursor=${first.next_cursor}`);
    expect(idsOf(second)).toEqual(['b1', 'b2']);
    expect(second.next_cursor).toBeNull();
  });

  it('are those of the caller’s own sessions, also where the caller may read others', async () => {
    await start({ hooks: { canAccess: () => true } });
    await asking(['a1'], ANN);
    await asking(['b1'], BEN);
    expect(idsOf(await page('', ANN))).toEqual(['a1']);
    expect(idsOf(await page('', BEN))).toEqual(['b1']);
    const { requests, next } = await server.registry.requests({ id: 'ben' });
    expect(requests).toEqual((await page('', BEN)).requests);
    expect(next).toBeNull();
  });

  it('are no longer listed once they are answered, cancelled, or their session is deleted', async () => {
    await start();
    const answered = await asking(['a1', 'a2']);
    const interrupted = await asking(['b1']);
    const deleted = await asking(['c1']);
    expect((await decide(answered, 'a1')).status).toBe(204);
    expect(idsOf(await page())).toEqual(['a2', 'b1', 'c1']);
    await decide(answered, 'a2', 'deny');
    await server.input(interrupted, { type: 'interrupt' });
    await eventually(page, (answer) => answer.requests.length === 1);
    await server.request('DELETE', `/sessions/${deleted}`);
    expect(await page()).toEqual({ requests: [], next_cursor: null });
  });

  it('are no longer listed once they expire', async () => {
    await start({ timeouts: { requestTimeoutMs: 400 } });
    await asking(['a1']);
    await eventually(page, ({ requests }) => requests.length === 0);
  });

  it('need a valid token', async () => {
    await start();
    const answer = await server.request('GET', '/requests', undefined, { authorization: 'x' });
    expect(answer).toMatchObject(refused(401, 'unauthorized', /./));
    expect(answer.headers.get('cache-control')).toContain('no-store');
  });

  it.each([
    ['limit', 'limit=0'],
    ['limit', 'limit=101'],
    ['limit', 'limit=1.5'],
    ['limit', 'limit=ten'],
    ['limit', 'limit=1&limit=2'],
    ['cursor', 'cursor='],
    ['cursor', 'cursor=bm90IG9uZQ'],
    ['cursor', cursorOf('1700000000000 - a')],
    // A time and a seq that not every storage can compare.
    ['cursor', cursorOf('r 999999999999999 1 2e5ff41d-3a3c-4c4a-9a57-9b2f8a4fc1c7')],
    ['cursor', cursorOf('r 1700000000000 2147483648 2e5ff41d-3a3c-4c4a-9a57-9b2f8a4fc1c7')],
    ['cursor', cursorOf('r 1700000000000 1 \u0000')],
  ])('answer 400 when %s is invalid: GET /requests?%s', async (field, query) => {
    await start();
    expect(await server.request('GET', `/requests?${query}`)).toMatchObject(invalid(field));
  });

  it('reject a cursor of another listing, and of the host', async () => {
    await start();
    await Promise.all([server.createSession(), server.createSession()]);
    const sessions = await server.request('GET', '/sessions?limit=1');
    const foreign = String(sessions.body['next_cursor']);
    expect(await server.request('GET', `/requests?cursor=${foreign}`)).toMatchObject(
      invalid('cursor'),
    );
    await asking(['a1', 'a2']);
    const { next_cursor } = await page('?limit=1');
    expect(await server.request('GET', `/sessions?cursor=${next_cursor}`)).toMatchObject(
      invalid('cursor'),
    );
    await expect(server.registry.requests({ id: 'ann' }, 101)).rejects.toThrow('limit');
  });
});
