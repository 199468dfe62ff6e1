import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RealAgent } from '../durability/real-agent.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { Program } from '../support/program.js';
import type { SseClient } from '../support/sse-client.js';
import { LimitedServer } from './limited-server.js';

/** The usual limit of Linux. A server needs some hundreds while it loads its modules. */
const LIMITED = ['prlimit', '--nofile=1024'] as const;

let sources: CompiledSources;
let agent: RealAgent;
let server: LimitedServer;
beforeAll(async () => {
  sources = await CompiledSources.create();
  agent = await RealAgent.create();
  server = await LimitedServer.start(sources, agent.settings, LIMITED);
});
afterAll(async () => {
  await server.close();
  await agent.gone();
  await agent.close();
  await sources.remove();
});

/** Opens the stream of a new session. */
async function open(): Promise<{ id: string; stream: SseClient }> {
  const { body } = await server.ask('POST', '/sessions');
  const id = String(body['session_id']);
  return { id, stream: await server.stream(id) };
}

async function turn({ id, stream }: { id: string; stream: SseClient }, content: string) {
  await server.send(id, content);
  return (await stream.next('result')).data['subtype'];
}

describe('a server without file descriptors', () => {
  it('reports agents that cannot be started, and starts them once there are descriptors', async () => {
    const first = await open();
    expect(await turn(first, 'say one')).toBe('success');

    await server.hold(0);
    const refused = await server.ask('POST', '/sessions');
    await server.release();
    expect([refused.status, refused.body['code']]).toEqual([503, 'server_overloaded']);

    for (const left of [7, 10, 14]) {
      /* oxlint-disable no-await-in-loop -- one state of the machine after the other */
      await server.hold(left);
      const created = await server.ask('POST', '/sessions');
      expect(created.status).toBe(200);
      const id = String(created.body['session_id']);
      expect((await server.send(id, 'say lost')).status).toBe(204);
      await eventually(
        async () => (await server.ask('GET', `/sessions/${id}`)).body['state'] === 'dormant',
      );
      await server.release();

      const session = { id, stream: await server.stream(id) };
      const { data } = await session.stream.next('error');
      expect(data).toMatchObject({
        code: 'agent_start_failed',
        message: 'The server has no resources for another agent. Try again later.',
      });
      expect((await session.stream.next('result')).data).toMatchObject({ is_error: true });
      expect(await turn(session, 'say again')).toBe('success');
      await server.ask('DELETE', `/sessions/${id}`);
      /* oxlint-enable no-await-in-loop */
    }
    expect(await turn(first, 'say two')).toBe('success');
  }, 60_000);
});

it('the processes of an agent that ends without file descriptors are ended once there are some', async () => {
  const script = fileURLToPath(new URL('end-without-descriptors.mjs', import.meta.url));
  const module = sources.path('src/agent-webkit/agents/claude/agent-process.ts');
  const program = new Program('prlimit', ['--nofile=200', process.execPath, script, module]);

  await program.says(/^The agent is gone, and left 1 process\.$/m);
  await program.says(/Could not clean up after an agent.*EMFILE/);
  program.write('release\n');
  await program.says(/^No process is left\.$/m);
  expect(await program.ended()).toBe(0);
}, 30_000);
