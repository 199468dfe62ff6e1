import { rename, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { RealAgent } from '../durability/real-agent.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { LimitedServer } from './limited-server.js';

let sources: CompiledSources;
let agent: RealAgent;
let server: LimitedServer;
let workspace: string;
beforeAll(async () => {
  sources = await CompiledSources.create();
  agent = await RealAgent.create();
  workspace = agent.settings['AGENT_WEBKIT_WORKSPACE'] ?? '';
  const env = { ...agent.settings, AGENT_WEBKIT_IDLE_TIMEOUT_MS: '1' };
  server = await LimitedServer.start(sources, env, ['env']);
});
afterAll(async () => {
  await server.close();
  await agent.gone();
  await agent.close();
  await sources.remove();
});

it('a server whose workspace is deleted says so, and uses it again once it is restored', async () => {
  const { body } = await server.ask('POST', '/sessions');
  const id = String(body['session_id']);
  const isDormant = () =>
    eventually(
      async () => (await server.ask('GET', `/sessions/${id}`)).body['state'] === 'dormant',
    );
  await isDormant();
  const stream = await server.stream(id);

  await rename(workspace, `${workspace}-away`);
  const refused = await server.ask('POST', '/sessions');
  expect(refused).toMatchObject({ status: 503, body: { code: 'workspace_unavailable' } });
  expect(JSON.stringify(refused.body)).not.toContain(workspace);
  expect((await server.ask('GET', '/sessions')).status).toBe(200);

  const missing = { code: 'session_folder_missing' };
  expect((await server.send(id, 'say one')).status).toBe(204);
  expect((await stream.next('error')).data).toMatchObject(missing);
  expect((await stream.next('result')).data).toMatchObject({ is_error: true });

  await writeFile(workspace, 'not a folder');
  expect((await server.ask('POST', '/sessions')).body['code']).toBe('workspace_unavailable');
  await server.send(id, 'say two');
  expect((await stream.next('error')).data).toMatchObject(missing);
  await stream.next('result');

  await rm(workspace);
  await rename(`${workspace}-away`, workspace);
  expect((await server.ask('POST', '/sessions')).status).toBe(200);
  await server.send(id, 'say three');
  expect((await stream.next('result')).data).toMatchObject({ subtype: 'success' });
  const lines = server.program.lines.filter((line) => line.includes('The workspace'));
  expect(lines.map((line) => line.includes(workspace))).toEqual([true, true]);
  stream.close();
}, 60_000);
