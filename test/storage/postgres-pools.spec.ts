import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Pool, type PoolConfig } from 'pg';
import { PostgresError } from '../../src/agent-webkit/storage/postgres/postgres-error.js';
import { PostgresStorage } from '../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { describePostgres, POSTGRES_URL, PostgresBench } from '../support/postgres.js';
import { eventually } from '../support/eventually.js';
import { Program } from '../support/program.js';
import { createSessions, sampleAppend, sampleEvents, sampleRecord } from './postgres-samples.js';

describePostgres("a storage with the host's pool", () => {
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

  it('leaves the pool to the host, with all of its connections', async () => {
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

  it('keeps one connection while nothing happens, and leaves the others as it found them', async () => {
    await open({ max: 3 });
    await createSessions(storage, 5);
    expect(pool.totalCount - pool.idleCount).toBe(1);
    const { rows } = await pool.query(
      "select current_setting('search_path') as path, current_setting('statement_timeout') as timeout",
    );
    expect(rows).toEqual([{ path: '"$user", public', timeout: '0' }]);
  });

  it('rejects when no connection becomes free, and works when there is one again', async () => {
    await open({ max: 2 }, 300);
    const [id = ''] = await createSessions(storage, 1);
    const taken = await pool.connect();
    const appending = storage.events.append(sampleAppend(id, sampleEvents(1, 1)));
    await expect(appending).rejects.toThrow(PostgresError);
    await expect(appending).rejects.toThrow(
      'No connection to PostgreSQL became free within 300 ms.',
    );

    taken.release();
    await storage.events.append(sampleAppend(id, sampleEvents(1, 1)));
    // What was asked for too late was given back.
    expect(pool.totalCount - pool.idleCount).toBe(1);
  });

  it('reads what it wrote where the host has changed how types are parsed', async () => {
    await open({ types: { getTypeParser: () => () => 'spoilt' } });
    const record = sampleRecord();
    await storage.records.create(record, null);
    expect(await storage.records.get(record.id)).toEqual(record);
    await storage.events.append(sampleAppend(record.id, sampleEvents(1, 2)));
    expect(await storage.events.read(record.id, 0, 10)).toEqual(sampleEvents(1, 2));
  });

  it("reads dates as they were where the host's connections have a zone and a style", async () => {
    await open({ options: '-c timezone=Asia/Kathmandu -c datestyle=German' });
    const record = sampleRecord();
    await storage.records.create(record, null);
    expect(await storage.records.get(record.id)).toEqual(record);
    expect(await storage.records.unusedSince(new Date('2026-01-01T00:00:00.002Z'), 1)).toEqual([]);
    expect(await storage.records.unusedSince(new Date('2026-01-01T00:00:00.003Z'), 1)).toEqual([
      record.id,
    ]);
  });

  it('commits to the disk where the host has turned that off for its own tables', async () => {
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
      // oxlint-disable-next-line no-await-in-loop -- locks of tables are better taken in one order
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

  it('lets others write at the same time where the host has its transactions serializable', async () => {
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

describe('the settings of a storage in PostgreSQL', () => {
  it.each([
    [{ queryTimeoutMs: 0 }, 'queryTimeoutMs must be an integer from 1 to 2147483647, received 0.'],
    [
      { queryTimeoutMs: NaN },
      'queryTimeoutMs must be an integer from 1 to 2147483647, received NaN.',
    ],
    [{ maxConnections: 1 }, 'maxConnections must be an integer from 2 to 2147483647, received 1.'],
  ])('are checked at once: %j', async (settings, complaint) => {
    await expect(PostgresStorage.connect(POSTGRES_URL, settings)).rejects.toThrow(complaint);
  });

  it('ask for a pool with more than the connection that is kept', () => {
    const pool = new Pool({ max: 1 });
    expect(() => new PostgresStorage({ pool })).toThrow(
      'pool.options.max must be an integer from 2 to 2147483647, received 1.',
    );
  });

  it('without the package pg say what to install', async () => {
    const folders = ['src/agent-webkit/engine', 'src/agent-webkit/storage'];
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
        'The package pg, by which PostgreSQL is reached, is not installed. Install it with: npm install pg\n',
      );
    } finally {
      await sources.remove();
    }
  });
});
