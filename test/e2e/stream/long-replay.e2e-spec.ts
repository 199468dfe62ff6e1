import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { StorageProvider } from '../../../src/agent-webkit/engine/storage.js';
import { PostgresStorage } from '../../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { SqliteStorage } from '../../../src/agent-webkit/storage/sqlite/sqlite-storage.js';
import { eventually } from '../../support/eventually.js';
import { fakeAgents } from '../../support/fake-agent-client.js';
import { describePostgres, PostgresBench } from '../../support/postgres.js';
import { assistant, text } from '../../support/sdk-messages.js';
import { startApp, type TestApp } from '../../support/start-app.js';

const KEPT = { maxEvents: 10_000, maxLogChars: 20_000_000 };
/** Six million characters, of which one is in memory. */
const ANSWERS = 600;
const LIVE = 60;

function itReplays(create: () => StorageProvider | Promise<StorageProvider>): void {
  let server: TestApp;
  let agents: ReturnType<typeof fakeAgents>;
  let id: string;

  const start = async () => {
    agents = fakeAgents();
    server = await startApp({
      storage: await create(),
      agent: { sdkFactory: agents.factory },
      retention: KEPT,
    });
  };
  const say = (from: number, count: number, chars: number) => {
    for (let n = from; n < from + count; n += 1)
      agents.newest().say(assistant([text(`${n} ${'x'.repeat(chars)}`)]));
  };
  const hasSaid = (last: number) =>
    eventually(async () => (await server.info(id))['last_id'] === last);

  beforeEach(async () => {
    await start();
    id = await server.createSession();
    await server.say(id, 'go on');
    await agents.newest().received(1);
    say(0, ANSWERS, 10_000);
    await hasSaid(3 + ANSWERS);
  }, 60_000);
  afterEach(() => server.close());

  it('reaches several subscribers, each from its own cursor, while new events are published', async () => {
    const cursors = [0, 1, 50, 300, 3 + ANSWERS];
    const streams = await Promise.all(
      cursors.map((cursor) => server.stream(id, { 'last-event-id': String(cursor) })),
    );
    for (let n = 0; n < LIVE; n += 1) {
      say(ANSWERS + n, 1, 10);
      // oxlint-disable-next-line no-await-in-loop -- one after the other, while they replay
      await hasSaid(4 + ANSWERS + n);
    }
    const last = 3 + ANSWERS + LIVE;
    await Promise.all(streams.map((stream) => stream.until(() => stream.ids().at(-1) === last)));
    for (const [index, stream] of streams.entries()) {
      const from = (cursors[index] ?? 0) + 1;
      expect(stream.ids()).toEqual(Array.from({ length: last + 1 - from }, (_, n) => from + n));
      // Each event has the content that was appended at its place.
      const said = stream.events.filter(({ event }) => event === 'message_complete');
      expect(said.map(({ id: seq, data }) => [seq, numberOf(data)])).toEqual(
        said.map(({ id: seq }) => [seq, seq - 4]),
      );
    }
  }, 60_000);

  it('returns the same events page by page, and on another server', async () => {
    await server.close();
    await start();
    const ids: number[] = [];
    for (let after = 0, hasMore = true; hasMore; after = ids.at(-1) ?? 0) {
      // oxlint-disable-next-line no-await-in-loop -- page after page
      const page = await server.request('GET', `/sessions/${id}/events?after=${after}&limit=150`);
      const { events, has_more } = page.body as { events: { id: number }[]; has_more: boolean };
      expect(events.length).toBeGreaterThan(0);
      expect(events.length).toBeLessThanOrEqual(150);
      ids.push(...events.map((event) => event.id));
      hasMore = has_more;
    }
    const { last_id } = (await server.info(id)) as { last_id: number };
    expect(ids).toEqual(Array.from({ length: last_id }, (_, n) => n + 1));
    const stream = await server.stream(id);
    await stream.until(() => stream.ids().at(-1) === last_id);
    expect(stream.ids()).toEqual(ids);
  }, 60_000);

  it('ends when the session is deleted during the replay', async () => {
    const stream = await server.stream(id);
    await server.request('DELETE', `/sessions/${id}`);
    await stream.ended();
    expect(stream.ids()).toEqual(stream.ids().map((_, n) => n + 1));
    expect(await server.request('GET', `/sessions/${id}`)).toMatchObject({ status: 404 });
  });
}

function numberOf(data: Record<string, unknown>): number {
  const { content } = data['message'] as { content: { text: string }[] };
  return Number.parseInt(content[0]?.text ?? '', 10);
}

describe('a long replay from a file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agent-webkit-replay-'));
  });
  itReplays(() => new SqliteStorage({ file: join(folder, 'sessions.db') }));
  afterEach(() => rm(folder, { recursive: true }));
});

describePostgres('a long replay from PostgreSQL', () => {
  let bench: PostgresBench;
  beforeAll(() => {
    bench = new PostgresBench();
  });
  itReplays(() => PostgresStorage.connect(bench.url, { schema: bench.schema }));
  afterAll(() => bench.close());
});
