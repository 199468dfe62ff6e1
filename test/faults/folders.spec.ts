import { existsSync, mkdtempSync } from 'node:fs';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { itOnly } from '../support/needs.js';
import { ServerProcess } from './server-process.js';

const isRoot = process.getuid?.() === 0;

let sources: CompiledSources;
let cwd: string;
beforeAll(async () => {
  sources = await CompiledSources.create();
});
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'server-'));
});
afterEach(async () => {
  await ServerProcess.killAll();
  await rm(cwd, { recursive: true, force: true });
});
afterAll(() => sources.remove());

const folderOf = (id: string) => join(cwd, 'workspace/sessions', id);
const homeOf = (id: string) => join(cwd, 'workspace/.agent-webkit/homes', id);
const start = (env: Record<string, string> = {}, line = 'exec "$@"') =>
  ServerProcess.start(sources, line, { cwd, env });

it('a server in an empty folder creates the workspace, and leaves only that', async () => {
  const server = await start();
  await server.serveTurn();
  const id = await server.createSession();
  expect(existsSync(folderOf(id))).toBe(true);
  await server.program.end();
  expect(await readdir(cwd)).toEqual(['workspace']);
  expect(await readdir(join(cwd, 'workspace/sessions'))).toEqual([]);
  for (const name of ['homes', 'servers', 'trash']) {
    expect(await readdir(join(cwd, 'workspace/.agent-webkit', name))).toEqual([]);
  }
});

it('a server that is killed keeps the folders of a database, and the next one removes all others', async () => {
  const volatile = await start({ AGENT_WEBKIT_WARM_POOL: '1' });
  const lost = await volatile.createSession();
  await volatile.program.kill();
  const env = { AGENT_WEBKIT_STORAGE: `file:${join(cwd, 'sessions.db')}` };
  const durable = await start(env);
  const kept = await durable.createSession();
  await writeFile(join(folderOf(kept), 'file'), '');
  await eventually(() => !existsSync(folderOf(lost)));
  await durable.program.kill();

  const next = await start(env);
  await eventually(async () => (await readdir(join(cwd, 'workspace/sessions'))).length === 1);
  expect(await readdir(folderOf(kept))).toEqual(['file']);
  expect(existsSync(homeOf(kept))).toBe(true);
  const stream = await next.stream(kept);
  await next.post(`/sessions/${kept}/input`, { type: 'user_message', content: 'hello' });
  expect((await stream.next('result')).data).toMatchObject({ is_error: false });
  stream.close();
  const deleted = await fetch(`${next.url}/sessions/${kept}`, { method: 'DELETE' });
  expect(deleted.status).toBe(204);
  expect(existsSync(folderOf(kept))).toBe(false);
  expect(existsSync(homeOf(kept))).toBe(false);
});

it('a deletion continues after the server was killed in the middle of it', async () => {
  const env = { AGENT_WEBKIT_STORAGE: `file:${join(cwd, 'sessions.db')}` };
  const server = await start(env);
  const id = await server.createSession();
  const many = join(folderOf(id), 'many');
  await mkdir(many);
  for (let n = 0; n < 5000; n += 1) await writeFile(join(many, String(n)), '');
  const trash = join(cwd, 'workspace/.agent-webkit/trash');
  const deleting = fetch(`${server.url}/sessions/${id}`, { method: 'DELETE' }).catch(() => null);
  await eventually(async () => (await readdir(trash)).length > 0);
  await server.program.kill();
  await deleting;
  const next = await start(env);
  await eventually(async () => (await readdir(trash)).length === 0);
  expect(existsSync(folderOf(id))).toBe(false);
  await eventually(async () => (await fetch(`${next.url}/sessions/${id}`)).status === 404);
});

itOnly(isRoot ? null : 'only root can run a program as another user')(
  'a server that may not write to the workspace does not start, and names the setting',
  async () => {
    await chmod(cwd, 0o755);
    const line = 'exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"';
    const server = await ServerProcess.run(sources, line, { cwd });
    expect(await server.program.ended()).toBe(1);
    expect(server.program.output).toContain('workspace.root');
    expect(server.program.output).not.toContain('    at ');
  },
);
