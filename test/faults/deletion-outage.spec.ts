import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { describeOwnPostgres, OwnPostgres } from '../durability/own-postgres.js';
import { RealServer } from '../durability/real-server.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { SseClient } from '../support/sse-client.js';
import { startStallingProxy, type StallingProxy } from '../support/stalling-proxy.js';

const WAIT_MS = 1000;

describeOwnPostgres('a deletion that an outage interrupts', () => {
  let sources: CompiledSources;
  let postgres: OwnPostgres;
  let admin: Client;
  let link: StallingProxy;
  let server: RealServer;
  let id: string;

  beforeAll(async () => {
    [sources, postgres] = await Promise.all([CompiledSources.create(), OwnPostgres.start()]);
  }, 60_000);
  afterAll(async () => {
    await sources.remove();
    await postgres.remove();
  });
  beforeEach(async () => {
    link = await startStallingProxy('127.0.0.1', Number(new URL(postgres.url).port));
    const address = new URL(postgres.url);
    address.port = String(link.port);
    server = new RealServer(sources, {
      AGENT_WEBKIT_AGENT: 'demo',
      AGENT_WEBKIT_STORAGE: address.href,
      AGENT_WEBKIT_STORAGE_TIMEOUT_MS: String(WAIT_MS),
    });
    admin = new Client({ connectionString: postgres.url });
    await Promise.all([server.start(), admin.connect()]);
    const created = await server.request('POST', '/sessions');
    id = (JSON.parse(created?.body ?? '') as { session_id: string }).session_id;
  }, 60_000);
  afterEach(async () => {
    await server.close();
    await admin.end();
    await link.close();
  });

  const status = async (method: string) =>
    (await server.request(method, `/sessions/${id}`))?.status ?? 0;
  const isStored = async () =>
    (await admin.query('select 1 from agent_webkit.session where id = $1', [id])).rows.length > 0;

  it('leaves the session as it was when the server is killed before the storage knows of it', async () => {
    const stream = await SseClient.open(`${server.url}/sessions/${id}/stream`);
    await stream.next('session_ready');
    link.unplug();
    expect(await status('DELETE')).toBe(503);
    expect(await status('GET')).toBe(200);
    expect(await status('DELETE')).toBe(503);
    expect(stream.isEnded).toBe(false);
    await server.kill();
    stream.close();
    await link.close();
    link = await startStallingProxy('127.0.0.1', Number(new URL(postgres.url).port), link.port);
    await server.start();
    expect(await status('GET')).toBe(200);
    // The lease of the killed server has to lapse first.
    await eventually(
      () => status('DELETE'),
      (answer) => answer === 204,
    );
    expect(await status('GET')).toBe(404);
    expect(await isStored()).toBe(false);
  }, 60_000);

  it('is completed by this server when the storage is back', async () => {
    const stream = await SseClient.open(`${server.url}/sessions/${id}/stream`);
    await stream.next('session_ready');
    link.unplug();
    expect(await status('DELETE')).toBe(503);
    link.replug();
    await stream.next('done');
    await stream.ended();
    await eventually(isStored, (stored) => !stored);
    expect(await status('GET')).toBe(404);
    expect(await status('DELETE')).toBe(404);
  }, 60_000);

  it('is completed after a restart once it is decided, and never undone', async () => {
    await admin.query('begin');
    // The last table from which the stored data is deleted.
    await admin.query('lock table agent_webkit.transcript in access exclusive mode');
    expect(await status('DELETE')).toBe(503);
    expect(await status('GET')).toBe(404);
    expect(await status('DELETE')).toBe(503);
    await server.kill();
    expect(await isStored()).toBe(true);
    await server.start();
    // 503 while the deletion of the killed server still holds its locks.
    expect([404, 503]).toContain(await status('GET'));
    await admin.query('rollback');
    await eventually(isStored, (stored) => !stored);
    expect(await status('GET')).toBe(404);
    expect(await status('DELETE')).toBe(404);
  }, 60_000);
});
