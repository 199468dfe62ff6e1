import { open } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { describeOwnPostgres, OwnPostgres } from '../durability/own-postgres.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { Program } from '../support/program.js';

describeOwnPostgres('a server whose PostgreSQL has a fault', () => {
  let sources: CompiledSources;
  let postgres: OwnPostgres;
  let server: Program;
  let url: string;

  beforeAll(async () => {
    sources = await CompiledSources.create();
  });
  afterAll(() => sources.remove());
  beforeEach(async () => {
    postgres = await OwnPostgres.start();
    await start();
  }, 60_000);
  afterEach(async () => {
    await server.kill();
    await postgres.remove();
  });

  async function start(): Promise<void> {
    server = Program.node(sources.path('src/main.ts'), [], {
      env: {
        NO_COLOR: '1',
        PORT: '0',
        AGENT_WEBKIT_NO_AUTH: '1',
        AGENT_WEBKIT_AGENT: 'demo',
        AGENT_WEBKIT_STORAGE: postgres.url,
      },
    });
    [, url = ''] = await server.says(/^Listening on (\S+)$/m);
  }

  async function request(method: string, path: string, body?: object) {
    const answer = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json', connection: 'close' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text };
  }

  async function createSession(): Promise<string> {
    const { text } = await request('POST', '/sessions', {});
    return (JSON.parse(text) as { session_id: string }).session_id;
  }

  /** Runs a statement as the operator of the database. */
  async function administer(...statements: string[]): Promise<Record<string, string>> {
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    try {
      let row: Record<string, string> = {};
      for (const statement of statements) {
        // oxlint-disable-next-line no-await-in-loop -- one connection
        row = (await client.query<Record<string, string>>(statement)).rows[0] ?? {};
      }
      return row;
    } finally {
      await client.end();
    }
  }

  const outages = () => server.lines.filter((line) => line.includes('Storage outage'));

  const REFRESH =
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'agent-webkit'";

  it('says that the database accepts no writes, logs it once, and continues when it does', async () => {
    await createSession();
    await administer('alter database postgres set default_transaction_read_only = on', REFRESH);
    const refused = await eventually(
      () => request('POST', '/sessions', {}),
      ({ text }) => text.includes('accepts no writes'),
    );
    expect(refused.status).toBe(503);
    expect(JSON.parse(refused.text)).toEqual({
      statusCode: 503,
      code: 'storage_unavailable',
      message: 'The database accepts no writes. The operator of the server has to fix this.',
    });
    expect(refused.headers.get('retry-after')).toBeNull();
    for (let count = 0; count < 5; count += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await request('POST', '/sessions', {})).status).toBe(503);
    }
    const told = outages().filter((line) => line.includes('read-only transaction'));
    expect(told).toHaveLength(1);
    // A connection that was cut may have begun the outage.
    expect(outages().length).toBeLessThanOrEqual(2);

    await administer(
      'set default_transaction_read_only = off',
      'alter database postgres set default_transaction_read_only = off',
      REFRESH,
    );
    await eventually(
      () => request('POST', '/sessions', {}),
      ({ status }) => status === 200,
    );
    await server.says(/The storage responds again, after an outage of about \d+ s\./);
  }, 60_000);

  it('says that the database is corrupted, and names the file in the log only', async () => {
    const id = await createSession();
    const { file = '', folder = '' } = await administer(
      'checkpoint',
      "select pg_relation_filepath('agent_webkit.event') as file, current_setting('data_directory') as folder",
    );
    await server.kill();
    await postgres.kill();
    const table = await open(`${folder}/${file}`, 'r+');
    await table.write(Buffer.alloc(8192, 0x5a), 0, 8192, 0);
    await table.close();
    await postgres.restart();
    await start();

    const refused = await request('GET', `/sessions/${id}/events`);
    expect(refused.status).toBe(503);
    expect(refused.text).toContain(
      'The database is corrupted. The operator of the server has to fix this.',
    );
    expect(refused.text).not.toContain(file);
    expect(refused.text).not.toContain(folder);
    expect(refused.headers.get('retry-after')).toBeNull();
    await request('GET', `/sessions/${id}/events`);
    expect(outages()).toEqual([expect.stringContaining(file)]);
    // Other data is read and written.
    expect((await request('GET', '/sessions')).status).toBe(200);
  }, 60_000);

  it('says that the tables are missing', async () => {
    await administer('drop schema agent_webkit cascade');
    const refused = await request('POST', '/sessions', {});
    expect(refused.text).toContain('The tables of the server are missing in the database.');
    expect(outages()).toHaveLength(1);
  }, 60_000);
});
