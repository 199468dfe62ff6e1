import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { describePostgres } from '../support/postgres.js';
import { SseClient } from '../support/sse-client.js';
import { RealServer } from './real-server.js';
import { checkIds } from './verify.js';
import { DURABLE, type TestStorage, LEASE_MS } from './test-storage.js';

describePostgres('a server that was frozen while another one took over its session', () => {
  let sources: CompiledSources;
  let storage: TestStorage | undefined;
  let stale: RealServer;
  let next: RealServer;
  let streams: SseClient[];
  beforeAll(async () => {
    sources = await CompiledSources.create();
  });
  afterAll(() => sources.remove());
  beforeEach(async () => {
    streams = [];
    storage = await DURABLE.find(({ name }) => name === 'PostgreSQL')?.create();
    const settings = {
      AGENT_WEBKIT_AGENT: 'demo',
      AGENT_WEBKIT_STORAGE: storage?.setting ?? '',
      AGENT_WEBKIT_LEASE_MS: LEASE_MS,
    };
    stale = new RealServer(sources, settings);
    next = new RealServer(sources, settings);
    await Promise.all([stale.start(), next.start()]);
  }, 60_000);
  afterEach(async () => {
    for (const stream of streams) stream.close();
    await Promise.all([stale.close(), next.close()]);
    await storage?.remove();
  });

  async function follow(server: RealServer, id: string): Promise<SseClient> {
    const stream = await SseClient.open(`${server.url}/sessions/${id}/stream`);
    streams.push(stream);
    return stream;
  }

  it('writes nothing more, and delivers the events of the other server on its streams', async () => {
    const created = await stale.request('POST', '/sessions', { include_partial_messages: true });
    const { session_id: id } = JSON.parse(created?.body ?? '') as { session_id: string };
    const input = `/sessions/${id}/input`;
    const before = await follow(stale, id);
    await stale.request('POST', input, { type: 'user_message', content: 'long' });
    await before.next('message_delta');
    stale.freeze();

    const said = await next.request('POST', input, { type: 'user_message', content: 'hello' });
    expect(said?.status).toBe(204);
    const after = await follow(next, id);
    await after.next('turn_start');
    await after.next('turn_start');
    // Its messages now arrive while the agent of the other server is active.
    stale.thaw();
    for (const stream of [before, after]) {
      // oxlint-disable-next-line no-await-in-loop -- there are only two
      await stream.until(() => stream.names().filter((name) => name === 'result').length === 2);
    }

    expect(stale.lines.join('\n')).toContain(`Lost ownership of session ${id}`);
    expect(checkIds(after.events)).toEqual([]);
    expect(before.events).toEqual(after.events);
    const ends = after.events.filter(({ event }) => event === 'result' || event === 'error');
    expect(ends).toMatchObject([
      { data: { code: 'turn_interrupted' } },
      { data: { subtype: 'error_during_execution' } },
      { data: { subtype: 'success' } },
    ]);
  }, 60_000);
});
