import { existsSync, mkdtempSync, realpathSync } from 'node:fs';
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import type { StorageProvider } from '../../../src/agent-webkit/engine/storage.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { eventually } from '../../support/eventually.js';
import { refused } from '../../support/refused.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';

/** A storage that keeps its sessions when a server stops, like a database. */
const keptStorage = (): StorageProvider =>
  Object.defineProperty(new MemoryStorage(), 'durable', { value: true });

describe.each(ADAPTERS)('The folder of a session on %s', (adapter) => {
  let root: string;
  let server: TestApp;
  let agents: FakeAgents;
  const start = async (options: AgentWebkitModuleOptions = {}) => {
    const workspace = { root, ...options.workspace };
    ({ server, agents } = await startFakeApp({ ...options, workspace }, { adapter }));
  };
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'folders-')));
  });
  afterEach(async () => {
    await server.close();
    await rm(root, { recursive: true, force: true });
  });
  const folderOf = (id: string) => join(root, 'sessions', id);
  const homeOf = (id: string) => join(root, '.agent-webkit/homes', id);
  const left = async () => [
    ...(await readdir(join(root, 'sessions')).catch(() => [])),
    ...(await readdir(join(root, '.agent-webkit/homes'))),
  ];

  it('exists when the session is created, and is gone when it is deleted', async () => {
    await start();
    const id = await server.createSession({ cwd: 'app/src' });
    expect(existsSync(join(folderOf(id), 'app/src'))).toBe(true);
    expect(existsSync(homeOf(id))).toBe(true);
    expect(await server.info(id)).toMatchObject({ cwd: join(folderOf(id), 'app/src') });
    expect((await server.request('DELETE', `/sessions/${id}`)).status).toBe(204);
    expect(await left()).toEqual([]);
  });

  it('is removed when the agent is gone, which may write to it until then', async () => {
    await start({ timeouts: { agentGraceMs: 10_000 } });
    const id = await server.createSession();
    let hadFolder: boolean | null = null;
    agents.newest().closing = new Promise((resolve) =>
      setImmediate(() => {
        hadFolder = existsSync(folderOf(id));
        resolve();
      }),
    );
    await server.request('DELETE', `/sessions/${id}`);
    expect(hadFolder).toBe(true);
    expect(await left()).toEqual([]);
  });

  it('is removed with a session that has never had a message', async () => {
    await start({ retention: { emptySessionTtlMs: 50 } });
    await server.createSession();
    await eventually(async () => (await left()).length === 0);
  });

  it('is not left by creations that are rejected', async () => {
    await start({
      hooks: {
        configureSession: () => {
          throw new Error('no');
        },
      },
    });
    expect((await server.request('POST', '/sessions')).status).toBe(500);
    await server.close();
    await start({ limits: { maxSessionsPerOwner: 1 } });
    const id = await server.createSession();
    expect(await server.request('POST', '/sessions')).toMatchObject(
      refused(429, 'too_many_sessions', /limit/),
    );
    expect(await server.request('POST', '/sessions', { cwd: '..' })).toMatchObject(
      refused(403, 'forbidden', /^cwd: must be a path inside the folder of the session/),
    );
    await eventually(async () => (await left()).length === 2);
    expect(new Set(await left())).toEqual(new Set([id]));
  });

  it('is that of the first call when a creation is repeated with its key', async () => {
    await start();
    const key = { 'idempotency-key': 'same' };
    const answers = await Promise.all([
      server.request('POST', '/sessions', {}, key),
      server.request('POST', '/sessions', {}, key),
    ]);
    const ids = answers.map(({ body }) => body['session_id']);
    expect(ids[0]).toBe(ids[1]);
    await eventually(async () => (await left()).length === 2);
  });

  it('ends with the server that keeps no sessions, and stays with one that does', async () => {
    await start();
    await server.createSession();
    await server.close();
    expect(await left()).toEqual([]);

    const storage = keptStorage();
    await start({ storage });
    const id = await server.createSession();
    await writeFile(join(folderOf(id), 'kept'), '');
    await server.close();
    await start({ storage });
    await server.say(id, 'hi');
    await eventually(() => agents.agents.length === 1);
    expect(agents.newest().start.folders).toMatchObject({ folder: folderOf(id), home: homeOf(id) });
    expect(existsSync(join(folderOf(id), 'kept'))).toBe(true);
  });

  it('is reported when it is missing, and the session continues when it is back', async () => {
    const storage = keptStorage();
    await start({ storage });
    const id = await server.createSession();
    await server.close();
    await rename(folderOf(id), join(root, 'away'));
    await start({ storage });
    const stream = await server.stream(id);
    await server.say(id, 'hi');
    expect((await stream.next('error')).data).toMatchObject({ code: 'session_folder_missing' });
    expect((await stream.next('result')).data).toMatchObject({ is_error: true });
    expect(existsSync(folderOf(id))).toBe(false);
    await rename(join(root, 'away'), folderOf(id));
    await server.say(id, 'again');
    await eventually(() => agents.agents.length === 1);
    expect((await agents.newest().received(1)).content).toBe('again');
  });

  it('cannot be removed while its volume is away, and is removed when it is back', async () => {
    await start();
    const id = await server.createSession();
    await rename(root, `${root}-away`);
    const path = `/sessions/${id}`;
    expect(await server.request('DELETE', path)).toMatchObject(
      refused(503, 'workspace_unavailable', /workspace/),
    );
    expect((await server.request('GET', path)).status).toBe(404);
    expect(existsSync(root)).toBe(false);
    await rename(`${root}-away`, root);
    await eventually(async () => (await left()).length === 0);
  });

  it('has the files that the host gives', async () => {
    const template = join(root, 'template');
    await mkdir(template);
    await writeFile(join(template, 'README.md'), 'hello');
    const files = { copy: [{ from: template, to: 'docs' }], readOnly: [template] };
    await start({ agent: { warmPool: 1 }, hooks: { configureSession: () => ({ files }) } });
    const id = await server.createSession();
    expect(existsSync(join(folderOf(id), 'docs/README.md'))).toBe(true);
    expect(agents.newest().start).toMatchObject({
      sessionId: id,
      files: { readOnly: [template] },
    });
  });

  it('belongs to one of the agents that start ahead, if one fits', async () => {
    await start({ agent: { warmPool: 1 } });
    await eventually(() => agents.agents.length === 1);
    const [warm] = agents.agents;
    const id = await server.createSession();
    expect(warm?.start).toMatchObject({ sessionId: id, cwd: folderOf(id) });
    expect(await server.info(id)).toMatchObject({ cwd: folderOf(id) });
    expect(existsSync(folderOf(id))).toBe(true);
    await server.createSession({ cwd: 'sub' });
    await server.close();
    expect(await left()).toEqual([]);
  });

  it('is the only place that a reply can open to the agent', async () => {
    await start();
    const [mine, other] = [await server.createSession(), await server.createSession()];
    const agent = agents.agents.find(({ start: { sessionId } }) => sessionId === mine);
    await server.say(mine, 'hi');
    await agent?.received(1);
    const stream = await server.stream(mine);
    const asked = agent?.ask('Bash', {}, { toolUseID: 'open' });
    await stream.next('permission_request');
    await symlink(root, join(folderOf(mine), 'out'));
    const reply = (directory: string) =>
      server.input(mine, {
        type: 'permission_response',
        correlation_id: 'open',
        behavior: 'allow',
        updated_permissions: [
          { type: 'addDirectories', directories: [directory], destination: 'session' },
        ],
      });
    for (const path of ['..', 'out', 'missing', '/', root, folderOf(other), homeOf(mine)]) {
      expect(await reply(path)).toMatchObject(refused(403, 'forbidden', /directories: must be/));
    }
    await mkdir(join(folderOf(mine), 'lib'));
    expect((await reply('lib')).status).toBe(204);
    expect(await asked).toMatchObject({
      updatedPermissions: [{ directories: [join(folderOf(mine), 'lib')] }],
    });
  });
});
