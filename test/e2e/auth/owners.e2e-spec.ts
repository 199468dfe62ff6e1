import { afterEach, describe, expect, it } from '@jest/globals';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import type { RequestDecision } from '../../../src/agent-webkit/engine/session/decision.js';
import { ForbiddenError } from '../../../src/agent-webkit/engine/errors.js';
import { refused } from '../../support/refused.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';

const ALLOW = { type: 'permission_response', correlation_id: 't1', behavior: 'allow' };

const as = (token: string) => ({ authorization: `Bearer ${token}` });

const forbidden = (action: string) =>
  refused(
    403,
    'forbidden',
    new RegExp(`^You may read this session, but the action '${action}' is not`),
  );

describe.each(ADAPTERS)('Hooks for access and configuration on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  const start = async (options: AgentWebkitModuleOptions = {}) => {
    ({ server, agents } = await startFakeApp(
      { auth: { tokens: ['ann:a', 'bob:b', 'eve:e'] }, ...options },
      { adapter },
    ));
  };
  const create = async (body: object = {}) => server.request('POST', '/sessions', body, as('a'));
  const open = async () => String((await create()).body['session_id']);
  const input = (id: string, message: object, token: string) =>
    server.request('POST', `/sessions/${id}/input`, message, as(token));
  afterEach(() => server.close());

  it('permit reading when canAccess permits it, and other actions are answered with 403', async () => {
    await start({ hooks: { canAccess: (_, { id }, action) => id === 'bob' && action === 'read' } });
    const id = await open();
    const stream = await server.stream(id, as('b'));
    expect((await stream.next('session_ready')).data['session_id']).toBe(id);
    for (const path of ['', '/capabilities', '/events', '/decisions']) {
      const answer = await server.request('GET', `/sessions/${id}${path}`, undefined, as('b'));
      expect(answer.status).toBe(200);
    }
    expect(await input(id, { type: 'interrupt' }, 'b')).toMatchObject(forbidden('send'));
    expect(await input(id, ALLOW, 'b')).toMatchObject(forbidden('answer'));
    const deletion = await server.request('DELETE', `/sessions/${id}`, undefined, as('b'));
    expect(deletion).toMatchObject(forbidden('delete'));
    expect(await input(id, { type: 'interrupt' }, 'e')).toMatchObject(
      refused(404, 'session_not_found', /./),
    );
    expect(agents.newest().isClosed).toBe(false);
  });

  it('permit a reply when canAccess permits it, and its caller is published and passed to onDecision', async () => {
    const decisions: RequestDecision[] = [];
    await start({
      hooks: {
        canAccess: async (_, { id }, action) => id === 'bob' && ['read', 'answer'].includes(action),
        onDecision: (decision) => void decisions.push(decision),
      },
    });
    const id = await open();
    const stream = await server.stream(id, as('a'));
    const asked = agents.newest().ask('Bash', { command: 'ls' }, { toolUseID: 't1' });
    await stream.next('permission_request');
    expect((await input(id, { type: 'user_message', content: 'hi' }, 'b')).status).toBe(403);
    expect((await input(id, ALLOW, 'b')).status).toBe(204);
    expect((await stream.next('request_resolved')).data).toMatchObject({
      outcome: 'allowed',
      by: 'bob',
    });
    expect(await asked).toMatchObject({ behavior: 'allow' });
    expect(decisions).toMatchObject([
      { sessionId: id, owner: 'ann', caller: { id: 'bob' }, outcome: 'allowed' },
    ]);
  });

  it('let only another caller than the owner answer when canAnswer says so, and 403 leaves the request open', async () => {
    await start({
      hooks: {
        canAccess: (_, { id }) => id === 'bob',
        canAnswer: ({ owner, answer }, { id }) => answer === 'deny' || id !== owner,
      },
    });
    const id = await open();
    const stream = await server.stream(id, as('a'));
    const asked = agents.newest().ask('Bash', { command: 'ls' }, { toolUseID: 't1' });
    await stream.next('permission_request');
    expect(await input(id, ALLOW, 'a')).toMatchObject(
      refused(403, 'forbidden', /^You may not answer this request\. It stays open/),
    );
    const { body } = await server.request('GET', `/sessions/${id}`, undefined, as('a'));
    expect(body).toMatchObject({ state: 'awaiting' });
    expect((await input(id, ALLOW, 'b')).status).toBe(204);
    expect(await asked).toMatchObject({ behavior: 'allow' });
  });

  it('hide a session of another caller when canAccess throws', async () => {
    const secret = 'postgres://teams:hunter2@db';
    await start({
      hooks: {
        canAccess: () => {
          throw new Error(secret);
        },
      },
    });
    const id = await open();
    const foreign = await input(id, { type: 'interrupt' }, 'b');
    const unknown = await input('8d0f7f1e-3c1b-4d9c-9a57-0d2f4f6a8b10', ALLOW, 'b');
    expect(foreign.body).toEqual(unknown.body);
    expect(JSON.stringify([...foreign.headers])).not.toContain('hunter2');
  });

  it('set the configuration of a new session, or reject it with 403', async () => {
    await start({
      hooks: {
        configureSession: ({ asked }, { id }) => {
          if (asked.model === 'dear') throw new ForbiddenError(`Not for you, ${id}.`);
          return { model: 'cheap', hostContext: { for: id } };
        },
      },
    });
    expect((await create()).status).toBe(200);
    expect(agents.newest().start).toMatchObject({ model: 'cheap', hostContext: { for: 'ann' } });
    expect(await create({ model: 'dear' })).toMatchObject(
      refused(403, 'forbidden', /^Not for you, ann\.$/),
    );
    expect(agents.agents).toHaveLength(1);
  });

  it('create no session when configureSession fails, and the answer is 500 without details', async () => {
    await start({
      hooks: {
        configureSession: () => Promise.reject(new Error('at /srv/host/billing.js: no such table')),
      },
    });
    const answer = await create();
    expect(answer.status).toBe(500);
    expect(JSON.stringify(answer.body)).not.toMatch(/billing|table|\bat /);
    expect(agents.agents).toEqual([]);
    const { body } = await server.request('GET', '/sessions', undefined, as('a'));
    expect(body['sessions']).toEqual([]);
  });
});
