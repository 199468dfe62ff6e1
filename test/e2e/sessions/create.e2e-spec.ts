import { mkdtempSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { fakeAgents } from '../../support/fake-agent-client.js';
import { invalid, refused } from '../../support/refused.js';
import { ADAPTERS, startApp, startFakeApp, type TestApp } from '../../support/start-app.js';

const PERMISSION_MODES = ['default', 'acceptEdits', 'plan', 'dontAsk', 'auto'];

describe.each(ADAPTERS)('Creating a session on %s', (adapter) => {
  let server: TestApp;
  let agents: ReturnType<typeof fakeAgents>;
  const start = async (options: AgentWebkitModuleOptions = {}) => {
    ({ server, agents } = await startFakeApp(options, { adapter }));
  };
  const create = (body?: unknown, headers?: Record<string, string>) =>
    server.request('POST', '/sessions', body, headers);
  afterEach(() => server.close());

  it('answers 200 with the id and the protocol version, with or without a body', async () => {
    await start();
    const bare = await create();
    expect(bare.status).toBe(200);
    expect(bare.body).toEqual({
      session_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      protocol_version: '1.0',
    });
    expect((await create({})).status).toBe(200);
    expect((await create({ colour: 'red', nested: { any: [1] } })).status).toBe(200);
  });

  it('accepts the first message, once for one key', async () => {
    await start();
    const message = [{ type: 'text', text: 'hello' }];
    const headers = { 'idempotency-key': 'k1' };
    const { body } = await create({ title: 'first', message }, headers);
    expect((await create({ title: 'first', message }, headers)).body).toEqual(body);
    const id = String(body['session_id']);
    expect(await agents.newest().received(1)).toMatchObject({ content: message });
    const stream = await server.stream(id);
    expect((await stream.next('user_message')).data).toMatchObject({
      content: message,
      by: 'anonymous',
    });
    expect(stream.names()).toEqual(['session_ready', 'user_message', 'turn_start']);
    expect(await server.info(id)).toMatchObject({ title: 'first', state: 'running' });
  });

  it.each([
    ['is not valid', 5, 400, 'invalid_request'],
    ['is empty', '', 400, 'invalid_request'],
    ['is too large', 'x'.repeat(21), 413, 'payload_too_large'],
  ])('leaves no session when the first message %s', async (_, message, status, code) => {
    await start({ limits: { maxTextLength: 20 } });
    expect(await create({ message })).toMatchObject(refused(status, code, /^message: /));
    expect((await server.request('GET', '/sessions')).body).toMatchObject({ sessions: [] });
  });

  it('leaves no session when no agent is free for the first message', async () => {
    await start({ agent: { maxAgents: 1 } });
    await create({ message: 'hold' });
    await agents.newest().received(1);
    expect(await create({ message: 'second' })).toMatchObject({ status: 503 });
    const { body } = await server.request('GET', '/sessions');
    expect(body['sessions']).toHaveLength(1);
  });

  it('starts the agent with the configuration that the client requests', async () => {
    const workspace = realpathSync(mkdtempSync(join(tmpdir(), 'workspace-')));
    await start({ workspace: { root: workspace } });
    const id = await server.createSession({
      model: 'opus',
      effort: 'low',
      permission_mode: 'plan',
      cwd: 'inner',
      include_partial_messages: true,
    });
    const folder = join(workspace, 'sessions', id);
    const cwd = join(folder, 'inner');
    expect(agents.newest().start).toMatchObject({
      sessionId: id,
      resume: false,
      model: 'opus',
      effort: 'low',
      permissionMode: 'plan',
      cwd,
      includePartialMessages: true,
      folders: {
        folder,
        home: join(workspace, '.agent-webkit/homes', id),
        memory: null,
        hidden: [],
      },
    });
    expect(await server.info(id)).toMatchObject({
      model: 'opus',
      effort: 'low',
      permission_mode: 'plan',
      cwd,
    });
  });

  it('starts the agent with the defaults of the host when the client requests nothing', async () => {
    const workspace = realpathSync(mkdtempSync(join(tmpdir(), 'workspace-')));
    await start({
      workspace: { root: workspace },
      agent: {
        model: 'sonnet',
        permissionModes: ['plan', 'default'],
        includePartialMessages: true,
      },
    });
    const id = await server.createSession();
    expect(agents.newest().start).toMatchObject({
      model: 'sonnet',
      permissionMode: 'plan',
      cwd: join(workspace, 'sessions', id),
      includePartialMessages: true,
    });
  });

  it.each(PERMISSION_MODES)('accepts the permission mode %s', async (mode) => {
    await start();
    await server.createSession({ permission_mode: mode });
    expect(agents.newest().start.permissionMode).toBe(mode);
  });

  it.each([
    ['model', 5],
    ['model', ''],
    ['model', null],
    ['permission_mode', 'everything'],
    ['permission_mode', null],
    ['permission_mode', ['default']],
    ['effort', 'enormous'],
    ['effort', null],
    ['cwd', ''],
    ['cwd', 7],
    ['cwd', 'a\0b'],
    ['include_partial_messages', 'true'],
    ['include_partial_messages', null],
  ])('answers 400 when %s is %j', async (field, value) => {
    await start();
    expect(await create({ [field]: value })).toMatchObject(invalid(field));
    expect(agents.agents).toEqual([]);
  });

  it('answers 400 when a name or a path is too long', async () => {
    await start();
    expect(await create({ model: 'm'.repeat(257) })).toMatchObject(invalid('model'));
    expect(await create({ cwd: 'd'.repeat(4097) })).toMatchObject(invalid('cwd'));
  });

  it.each([[[]], ['"text"'], ['5'], ['[1]']])('answers 400 when the body is %j', async (body) => {
    await start();
    expect((await create(body)).status).toBe(400);
    expect(agents.agents).toEqual([]);
  });

  it('answers 403 when the host does not allow the permission mode', async () => {
    await start();
    expect(await create({ permission_mode: 'bypassPermissions' })).toMatchObject(
      refused(403, 'forbidden', /^permission_mode: 'bypassPermissions'/),
    );
  });

  it('answers 403 when the host does not allow the effort', async () => {
    await start({ agent: { effortLevels: ['low'] } });
    expect(await create({ effort: 'max' })).toMatchObject(
      refused(403, 'forbidden', /^effort: 'max' is not permitted\. Permitted: low\./),
    );
  });

  it('answers 403 when the folder is outside the workspace, however its path is written', async () => {
    const root = mkdtempSync(join(tmpdir(), 'root-'));
    const workspace = join(root, 'work');
    mkdirSync(workspace);
    mkdirSync(join(root, 'workshop'));
    symlinkSync('/', join(workspace, 'link'));
    await start({ workspace: { root: workspace, per: 'shared' } });
    const outside = [
      '..',
      '/',
      '../workshop',
      join(root, 'workshop'),
      'link',
      'link/etc',
      'nowhere',
    ];
    for (const cwd of outside) {
      expect(await create({ cwd })).toMatchObject(refused(403, 'forbidden', /^cwd: /));
    }
    expect(agents.agents).toEqual([]);
  });

  it('answers 429 above the limit of sessions, until a session is deleted', async () => {
    await start({ limits: { maxSessionsPerOwner: 2 } });
    const first = await server.createSession();
    await server.createSession();
    const third = await create();
    expect(third).toMatchObject(refused(429, 'too_many_sessions', /2 sessions/));
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
    await server.request('DELETE', `/sessions/${first}`);
    expect((await create()).status).toBe(200);
  });

  it('enforces the limit of sessions for concurrent requests', async () => {
    await start({ limits: { maxSessionsPerOwner: 3 } });
    const answers = await Promise.all(Array.from({ length: 12 }, () => create()));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(9);
  });

  it('creates one session for one Idempotency-Key, also for concurrent requests', async () => {
    await start();
    const key = { 'idempotency-key': 'abc' };
    const [one, two] = await Promise.all([create({}, key), create({}, key)]);
    const later = await create({ model: 'other' }, key);
    expect(two?.body).toEqual(one?.body);
    expect(later.body).toEqual(one?.body);
    expect(agents.agents).toHaveLength(1);
    expect((await create({}, { 'idempotency-key': 'abd' })).body).not.toEqual(one?.body);
  });

  it('creates a session for an Idempotency-Key whose first request was rejected', async () => {
    await start();
    const key = { 'idempotency-key': 'abc' };
    expect((await create({ cwd: '..' }, key)).status).toBe(403);
    expect((await create({}, key)).status).toBe(200);
  });

  it('creates one session for each caller that sends the same Idempotency-Key', async () => {
    await start({ auth: { tokens: ['ann:a', 'bob:b'] } });
    const [ann, bob] = await Promise.all(
      ['a', 'b'].map((token) =>
        create({}, { 'idempotency-key': 'same', authorization: `Bearer ${token}` }),
      ),
    );
    expect(ann?.status).toBe(200);
    expect(bob?.body['session_id']).not.toBe(ann?.body['session_id']);
  });

  it('answers 400 when the Idempotency-Key is empty or too long', async () => {
    await start();
    for (const key of ['', 'k'.repeat(256)]) {
      expect(await create({}, { 'idempotency-key': key })).toMatchObject(
        invalid('Idempotency-Key'),
      );
    }
  });

  it.each([['text/plain'], ['application/x-www-form-urlencoded'], [undefined]])(
    'answers 400 when the content type of the body is %s, instead of ignoring the body',
    async (type) => {
      server = await startApp({ agent: { sdkFactory: fakeAgents().factory } }, { adapter });
      const response = await fetch(`${server.url}/sessions`, {
        method: 'POST',
        headers: { connection: 'close', ...(type === undefined ? {} : { 'content-type': type }) },
        body: new TextEncoder().encode('{"permission_mode":"plan"}'),
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        code: 'invalid_request',
        message: `Content-Type: must be application/json, but got ${type ?? 'none'}.`,
      });
    },
  );
});
