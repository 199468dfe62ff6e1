import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { describeOnly } from '../support/needs.js';
import type { SseClient } from '../support/sse-client.js';
import { ServerProcess } from './server-process.js';

/** More than Node needs to load the files of the server, which it opens at the same time. */
const LIMIT = 512;
const RESERVE = 64;

let sources: CompiledSources;
let folder: string;
beforeAll(async () => {
  sources = await CompiledSources.create();
  folder = await mkdtemp(join(tmpdir(), 'agent-webkit-descriptors-'));
});
afterAll(async () => {
  await sources.remove();
  await rm(folder, { recursive: true, force: true });
});

afterEach(() => ServerProcess.killAll());

/** Starts a server that may have few file descriptors. */
const start = (): Promise<ServerProcess> =>
  ServerProcess.start(sources, `ulimit -n ${LIMIT}; exec "$@"`, {
    env: { AGENT_WEBKIT_STORAGE: `file:${join(folder, 'sessions.db')}` },
  });

const countUsed = ({ program }: ServerProcess): number =>
  readdirSync(`/proc/${program.pid}/fd`).length;

/** Opens streams of a session until one is refused, and returns the open ones and the refusal. */
const openUntilRefused = async (
  server: ServerProcess,
  id: string,
): Promise<[SseClient[], SseClient]> => {
  const open: SseClient[] = [];
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- the answer decides whether there is another one
    const stream = await server.stream(id);
    if (stream.status !== 200) return [open, stream];
    open.push(stream);
    if (open.length > LIMIT) throw new Error('No stream was refused.');
  }
};

interface Answer {
  status: number;
  body: string;
}

/** Sends a request over a connection of this agent. */
const send = (url: string, agent: Agent, method: string, body?: object): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const outgoing = request(url, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body && JSON.stringify(body));
  });

/** Opens connections that send nothing, more than the server can accept. */
const takeAllDescriptors = async ({ url }: ServerProcess): Promise<Socket[]> => {
  const { hostname, port } = new URL(url);
  return Promise.all(
    Array.from(
      { length: LIMIT + 50 },
      () =>
        new Promise<Socket>((resolve) => {
          const socket = connect(Number(port), hostname);
          socket.on('error', () => undefined);
          socket.on('connect', () => resolve(socket));
        }),
    ),
  );
};

const notLinux =
  process.platform === 'linux' ? null : 'only Linux tells a process its file descriptors';

describeOnly(notLinux)('a server whose file descriptors are in use', () => {
  it('refuses streams before the last 64, with which it serves everything else', async () => {
    const server = await start();
    const id = await server.createSession();
    const [open, refused] = await openUntilRefused(server, id);
    expect(open.length).toBeGreaterThan(LIMIT - RESERVE - 60);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(refused.json()).toMatchObject({ statusCode: 503, code: 'server_overloaded' });
    expect(LIMIT - countUsed(server)).toBeGreaterThanOrEqual(RESERVE - 1);

    const sent = await server.post(`/sessions/${id}/input`, {
      type: 'user_message',
      content: 'hello',
    });
    expect(sent.status).toBe(204);
    await Promise.all(open.map((stream) => stream.next('result')));
    const events = `${server.url}/sessions/${id}/events`;
    const last = Math.max(...(open[0]?.ids() ?? []));
    expect((await fetch(`${events}?after=${last}`)).status).toBe(200);
    const polled = await fetch(`${events}?after=${last}&wait=1`);
    expect(polled.status).toBe(503);
    expect(await polled.json()).toMatchObject({ code: 'server_overloaded' });

    // More than the connections that `fetch` keeps open.
    for (const stream of open.slice(0, 20)) stream.close();
    const next = await eventually(
      async () => server.stream(id),
      ({ status }) => status === 200,
    );
    for (const stream of [...open, next]) stream.close();
    await server.program.end();
  });

  it('answers a first body, without an error of this machine, when connections took all of them', async () => {
    const server = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await send(`${server.url}/sessions`, agent, 'GET')).status).toBe(200);
    const sockets = await takeAllDescriptors(server);
    await eventually(() => countUsed(server) >= LIMIT - 1);
    const { status, body } = await send(`${server.url}/sessions`, agent, 'POST', {});
    expect(body).not.toContain('/');
    expect([200, 503]).toContain(status);
    const asked = await send(`${server.url}/`, agent, 'GET');
    expect([200, 404, 503]).toContain(asked.status);

    for (const socket of sockets) socket.destroy();
    agent.destroy();
    await eventually(() => countUsed(server) < RESERVE);
    await server.serveTurn();
    await server.program.end();
    expect(server.program.status).toBe(0);
  });
});
