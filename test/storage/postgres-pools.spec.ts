import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Pool, type PoolConfig } from 'pg';
import { PostgresError } from '../../src/agent-webkit/storage/postgres/postgres-error.js';
import { PostgresStorage } from '../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { describePostgres, POSTGRES_URL, PostgresBench } from '../support/postgres.js';
import { eventually } from '../support/eventually.js';
import { Program } from '../support/program.js';
import { createSessions, sampleAppend, sampleEvents, sampleRecord } from './postgres-samples.js';

describePostgres('a PostgreSQL storage with a pool of the host', () => {
  let bench: PostgresBench;
  let pool: Pool;
  let storage: PostgresStorage;

  async function open(config: PoolConfig, queryTimeoutMs?: number): Promise<void> {
    pool = new Pool({ connectionString: bench.url, ...config });
    const { schema } = bench;
    storage = new PostgresStorage({ pool, schema, ...(queryTimeoutMs && { queryTimeoutMs }) });
    await storage.open();
  }

  beforeEach(() => {
    bench = new PostgresBench();
  });
  afterEach(async () => {
    await storage.close();
    if (!pool.ended) await pool.end();
    await bench.close();
  });

  it('leaves the pool to the host with all of its connections', async () => {
    await open({ max: 3 });
    await createSessions(storage, 5);
    await storage.close();

    const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
    const answers = await Promise.all(clients.map((client) => client.query('select 1 as one')));
    expect(answers.map(({ rows }) => rows)).toEqual(clients.map(() => [{ one: 1 }]));
    for (const client of clients) client.release();
    await pool.end();
    await eventually(
      () => bench.backends(),
      (pids) => pids.length === 0,
    );
  });

  it('keeps no connection while it is idle, and leaves all of them unchanged', async () => {
    await open({ max: 3 });
    await createSessions(storage, 5);
    expect(pool.totalCount - pool.idleCount).toBe(0);
    const { rows } = await pool.query(
      "select current_setting('search_path') as path, current_setting('statement_timeout') as timeout",
    );
    expect(rows).toEqual([{ path: '"$user", public', timeout: '0' }]);
  });

  it('lets the database end its own statements, and only those', async () => {
    await open({ max: 4 }, 300);
    const [id = ''] = await createSessions(storage, 1);
    const blocker = await bench.admin.connect();
    await blocker.query('begin');
    await blocker.query(`lock table "${bench.schema}".event in access exclusive mode`);
    const ofHost = pool.query(`select 1 from "${bench.schema}".event`);
    await Promise.all([
      expect(storage.events.read(id, 0, 1)).rejects.toThrow('did not respond within 300 ms'),
      expect(storage.records.delete(id)).rejects.toThrow('did not respond within 300 ms'),
    ]);
    const waiting = await eventually(
      () =>
        bench.rows<{ query: string }>(
          "select query from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'",
          [bench.applicationName],
        ),
      (rows) => rows.length === 1,
    );
    expect(waiting[0]?.query).toBe(`select 1 from "${bench.schema}".event`);
    await blocker.query('rollback');
    blocker.release();
    expect((await ofHost).rows).toEqual([]);
    expect(await storage.records.get(id)).not.toBeNull();
  });

  it('rejects a call when no connection is available in time, and works when one is', async () => {
    await open({ max: 1 }, 300);
    const [id = ''] = await createSessions(storage, 1);
    const taken = await pool.connect();
    const appending = storage.events.append(sampleAppend(id, sampleEvents(1, 1)));
    await expect(appending).rejects.toThrow(PostgresError);
    await expect(appending).rejects.toThrow(
      'No connection to PostgreSQL was available within 300 ms.',
    );

    taken.release();
    await storage.events.append(sampleAppend(id, sampleEvents(1, 1)));
    // The connection that came too late was released.
    expect(pool.totalCount - pool.idleCount).toBe(0);
  });

  it('reads its data unchanged when the host has changed how types are parsed', async () => {
    await open({ types: { getTypeParser: () => () => 'spoilt' } });
    const record = sampleRecord();
    await storage.records.create(record, null);
    expect(await storage.records.get(record.id)).toMatchObject(record);
    await storage.events.append(sampleAppend(record.id, sampleEvents(1, 2)));
    expect(await storage.events.read(record.id, 0, 10)).toEqual(sampleEvents(1, 2));
  });

  it("reads dates unchanged when the host's connections set a time zone and a date style", async () => {
    await open({ options: '-c timezone=Asia/Kathmandu -c datestyle=German' });
    const record = sampleRecord();
    await storage.records.create(record, null);
    expect(await storage.records.get(record.id)).toMatchObject(record);
    expect(await storage.records.unusedSince(new Date('2026-01-01T00:00:00.002Z'), 1)).toEqual([]);
    expect(await storage.records.unusedSince(new Date('2026-01-01T00:00:00.003Z'), 1)).toEqual([
      record.id,
    ]);
  });

  it('commits to the disk when the host has turned that off for its own tables', async () => {
    await open({ options: '-c synchronous_commit=off' });
    await bench.rows(`
      create table schema.seen (by_table text, setting text);
      create function schema.note() returns trigger language plpgsql as $$ begin
        insert into "${bench.schema}".seen
          values (tg_table_name, current_setting('synchronous_commit'));
        return null;
      end $$;
    `);
    for (const table of ['session', 'event', 'transcript_entry']) {
      // oxlint-disable-next-line no-await-in-loop -- table locks are taken in a fixed order
      await bench.rows(`create constraint trigger note after insert or update or delete on schema.${table}
        deferrable initially deferred for each row execute function schema.note()`);
    }
    const [id = ''] = await createSessions(storage, 1);
    await storage.events.append(sampleAppend(id, sampleEvents(1, 1)));
    await storage.records.claim(id);
    await storage.transcripts.append({ projectKey: 'p', sessionId: id }, [{ type: 'user' }]);
    await storage.records.delete(id);

    expect((await pool.query('show synchronous_commit')).rows).toEqual([
      { synchronous_commit: 'off' },
    ]);
    const seen = await bench.rows('select * from schema.seen');
    expect(seen.length).toBeGreaterThanOrEqual(6);
    expect(new Set(seen.map((row) => row['setting']))).toEqual(new Set(['on']));
  });

  it("allows concurrent writes when the host's transactions are serializable", async () => {
    await open({ options: '-c default_transaction_isolation=serializable' });
    const key = { projectKey: 'p', sessionId: 's' };
    const other = await bench.open();
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? storage : other).transcripts.append(key, [{ type: 'user' }]),
      ),
    );
    expect(await storage.transcripts.load(key)).toHaveLength(20);
  });
});

describe('the options of a PostgreSQL storage', () => {
  it.each([
    [{ queryTimeoutMs: 0 }, '`queryTimeoutMs` must be an integer from 1 to 2147483647, but got 0.'],
    [
      { queryTimeoutMs: NaN },
      '`queryTimeoutMs` must be an integer from 1 to 2147483647, but got NaN.',
    ],
    [{ maxConnections: 0 }, '`maxConnections` must be an integer from 1 to 2147483647, but got 0.'],
    [{ leaseMs: 999 }, '`leaseMs` must be an integer from 1000 to 2147483647, but got 999.'],
    [
      { poolMode: 'statement' as 'session' },
      "`poolMode` must be 'session' or 'transaction', but got 'statement'.",
    ],
  ])('are checked before the storage connects: %j', async (settings, complaint) => {
    await expect(PostgresStorage.connect(POSTGRES_URL, settings)).rejects.toThrow(complaint);
  });

  it('name the package to install when pg is missing', async () => {
    const folders = ['src/agent-webkit/bus', 'src/agent-webkit/engine', 'src/agent-webkit/storage'];
    const sources = await CompiledSources.create(folders, { hasPackages: false });
    try {
      const module = sources.url('src/agent-webkit/storage/postgres/postgres-storage.ts');
      const code = `
        const { PostgresStorage } = await import(${JSON.stringify(module)});
        await PostgresStorage.connect('postgres://127.0.0.1/x').catch((e) => console.log(e.message));
      `;
      const program = Program.node('--input-type=module', ['-e', code]);
      expect(await program.ended()).toBe(0);
      expect(program.output).toBe(
        'PostgresStorage requires the `pg` package. Run `npm install pg`.\n',
      );
    } finally {
      await sources.remove();
    }
  });
});
