import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { describeOwnPostgres, OwnPostgres } from '../durability/own-postgres.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { Program } from '../support/program.js';
import { SseClient } from '../support/sse-client.js';
import { startStallingProxy, type StallingProxy } from '../support/stalling-proxy.js';

/** The most that a stop may take with a database that does not respond. */
const STOP_MS = 8000;

describeOwnPostgres('a server whose link to PostgreSQL is dead', () => {
  let sources: CompiledSources;
  let postgres: OwnPostgres;
  let link: StallingProxy;
  let server: Program;
  let url: string;
  const streams: SseClient[] = [];

  beforeAll(async () => {
    [sources, postgres] = await Promise.all([CompiledSources.create(), OwnPostgres.start()]);
  }, 60_000);
  afterAll(async () => {
    await sources.remove();
    await postgres.remove();
  });
  beforeEach(async () => {
    link = await startStallingProxy('127.0.0.1', Number(new URL(postgres.url).port));
  });
  afterEach(async () => {
    for (const stream of streams.splice(0)) stream.close();
    await server.kill();
    await link.close();
  });

  function launch(): Program {
    const address = new URL(postgres.url);
    address.port = String(link.port);
    return Program.node(sources.path('src/main.ts'), [], {
      env: {
        NO_COLOR: '1',
        PORT: '0',
        AGENT_WEBKIT_NO_AUTH: '1',
        AGENT_WEBKIT_AGENT: 'demo',
        AGENT_WEBKIT_STORAGE: address.href,
        // Its turns are interrupted at once.
        AGENT_WEBKIT_DRAIN_TIMEOUT_MS: '1',
        // The server of the test before could not end its lease: this one would stop as one of two.
        AGENT_WEBKIT_LEASE_MS: '1000',
      },
    });
  }

  async function listen(): Promise<void> {
    server = launch();
    [, url = ''] = await server.says(/^Listening on (\S+)$/m);
  }

  async function post(path: string, body: object): Promise<{ status: number; text: string }> {
    const answer = await fetch(url + path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', connection: 'close' },
    });
    return { status: answer.status, text: await answer.text() };
  }

  async function expectsToStop(): Promise<void> {
    const startedAt = performance.now();
    server.signal('SIGTERM');
    await server.ended();
    expect(performance.now() - startedAt).toBeLessThan(STOP_MS);
  }

  it('stops in time while agents run, streams are open and requests wait', async () => {
    await listen();
    for (let count = 0; count < 3; count += 1) {
      /* oxlint-disable no-await-in-loop -- one session after the other */
      const { text } = await post('/sessions', { include_partial_messages: true });
      const { session_id: id } = JSON.parse(text) as { session_id: string };
      const stream = await SseClient.open(`${url}/sessions/${id}/stream`);
      streams.push(stream);
      await post(`/sessions/${id}/input`, { type: 'user_message', content: 'long' });
      await stream.next('message_delta');
      /* oxlint-enable no-await-in-loop */
    }
    link.unplug();
    const pending = request(`${url}/sessions`, { agent: false });
    pending.on('error', () => undefined);
    pending.end();
    await expectsToStop();
  }, 60_000);

  it('stops in time when nothing is going on', async () => {
    await listen();
    link.unplug();
    await expectsToStop();
  }, 60_000);

  it('stops in time while it opens a new connection', async () => {
    await listen();
    link.unplug();
    const { opened } = link;
    await eventually(() => link.opened > opened);
    await expectsToStop();
  }, 60_000);

  it('stops in time while it starts', async () => {
    link.unplug();
    server = launch();
    await eventually(() => link.opened > 0);
    await expectsToStop();
  }, 60_000);

  it('answers again when the link is back', async () => {
    await listen();
    link.unplug();
    expect(await post('/sessions', {})).toMatchObject({ status: 503 });
    link.replug();
    expect(await post('/sessions', {})).toMatchObject({ status: 200 });
    expect(server.output.match(/Storage outage/g)).toHaveLength(1);
  }, 60_000);
});
