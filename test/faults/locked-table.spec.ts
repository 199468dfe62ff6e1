import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { PostgresStorage } from '../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { describeOwnPostgres, OwnPostgres } from '../durability/own-postgres.js';
import { eventually } from '../support/eventually.js';
import { SseClient } from '../support/sse-client.js';
import { type Answer, startFakeApp, type TestApp } from '../support/start-app.js';

const TIMEOUT_MS = 700;
const QUERY_TIMEOUT_MS = 1500;
/** The time of a request besides waiting for the storage, on a busy machine. */
const SLACK_MS = 1000;

describeOwnPostgres('a server whose table of events is locked', () => {
  let postgres: OwnPostgres;
  /** Holds the lock. */
  let admin: Client;
  /** Sees new statistics in each query, because it has no open transaction. */
  let observer: Client;
  let server: TestApp;

  async function start(): Promise<TestApp> {
    const storage = await PostgresStorage.connect(postgres.url, {
      queryTimeoutMs: QUERY_TIMEOUT_MS,
    });
    const started = await startFakeApp({
      storage,
      timeouts: { storageTimeoutMs: TIMEOUT_MS, agentGraceMs: 100 },
    });
    return started.server;
  }

  beforeEach(async () => {
    postgres = await OwnPostgres.start();
    admin = new Client({ connectionString: postgres.url });
    observer = new Client({ connectionString: postgres.url });
    await Promise.all([admin.connect(), observer.connect()]);
    server = await start();
  }, 60_000);
  afterEach(async () => {
    await admin.query('rollback').catch(() => undefined);
    await server.close();
    await Promise.all([admin.end(), observer.end()]);
    await postgres.remove();
  });

  async function lock(): Promise<void> {
    await admin.query('begin');
    await admin.query('lock table agent_webkit.event in access exclusive mode');
  }

  /** Sends a request, and checks how long it took. */
  async function timed(
    method: string,
    path: string,
    body?: object,
    headers?: Record<string, string>,
  ): Promise<Answer> {
    const startedAt = performance.now();
    const answer = await server.request(method, path, body, headers);
    expect(performance.now() - startedAt).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    return answer;
  }

  const unavailable = { status: 503, body: { code: 'storage_unavailable' } };

  it('answers every request within the limit, and ends its statements', async () => {
    const asleep = await server.createSession();
    await server.close();
    server = await start();
    const awake = await server.createSession();
    const message = { type: 'user_message', content: 'hello' };
    await lock();

    const answers = await Promise.all([
      timed('POST', '/sessions', {}, { 'idempotency-key': 'one' }),
      timed('POST', '/sessions', {}),
      timed('GET', `/sessions/${asleep}/events`),
      timed('GET', `/sessions/${asleep}/stream`),
      timed('POST', `/sessions/${asleep}/input`, message),
      timed('DELETE', `/sessions/${asleep}`),
      timed('POST', `/sessions/${awake}/input`, { ...message, message_id: crypto.randomUUID() }),
    ]);
    expect(answers).toMatchObject(answers.map(() => unavailable));
    expect((await timed('GET', '/sessions')).status).toBe(200);
    expect((await timed('GET', `/sessions/${awake}`)).status).toBe(200);
    expect(await timed('DELETE', `/sessions/${awake}`)).toMatchObject(unavailable);

    // Retries wait again and again, but none of them for longer than the limit of a query.
    const longest = `select coalesce(max(extract(epoch from clock_timestamp() - query_start) * 1000), 0)::float8 as ms
      from pg_stat_activity where application_name = 'agent-webkit' and state = 'active'`;
    const until = performance.now() + 2 * QUERY_TIMEOUT_MS;
    await eventually(async () => {
      const { rows } = await observer.query(longest);
      expect(rows[0].ms).toBeLessThan(QUERY_TIMEOUT_MS + SLACK_MS);
      return performance.now() > until;
    });

    await admin.query('rollback');
    const repeated = await eventually(
      () => server.request('POST', '/sessions', {}, { 'idempotency-key': 'one' }),
      ({ status }) => status === 200,
    );
    const again = await server.request('POST', '/sessions', {}, { 'idempotency-key': 'one' });
    expect(again.body['session_id']).toBe(repeated.body['session_id']);
    // Both were asked to be deleted, and are gone for good.
    for (const id of [asleep, awake]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await eventually(
        () => server.request('DELETE', `/sessions/${id}`),
        ({ status }) => status === 204 || status === 404,
      );
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await server.request('GET', `/sessions/${id}`)).status).toBe(404);
    }
    await server.close();
    server = await start();
    // The creation without a key is not left over for a client that received no id.
    await eventually(
      () => server.request('GET', '/sessions'),
      ({ body }) => {
        const ids = (body['sessions'] as { session_id: string }[]).map((one) => one.session_id);
        return ids.length === 1 && ids[0] === repeated.body['session_id'];
      },
    );
  }, 60_000);

  it('keeps a stream open, and delivers what was stored meanwhile', async () => {
    const id = await server.createSession();
    const stream = await server.stream(id);
    await stream.next('session_ready');
    await lock();
    expect(
      await timed('POST', `/sessions/${id}/input`, { type: 'user_message', content: 'hello' }),
    ).toMatchObject(unavailable);
    await admin.query('rollback');
    await stream.next('user_message');
    expect(stream).toBeInstanceOf(SseClient);
  }, 60_000);
});
