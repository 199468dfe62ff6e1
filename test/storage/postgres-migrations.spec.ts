import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { OwnedElsewhereError } from '../../src/agent-webkit/engine/storage.js';
import type { Migration } from '../../src/agent-webkit/storage/migration.js';
import { Database } from '../../src/agent-webkit/storage/postgres/database.js';
import { migrate } from '../../src/agent-webkit/storage/postgres/migrate.js';
import { MIGRATIONS } from '../../src/agent-webkit/storage/postgres/migrations.js';
import { PostgresError } from '../../src/agent-webkit/storage/postgres/postgres-error.js';
import { PostgresStorage } from '../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { describePostgres, POSTGRES_URL, PostgresBench } from '../support/postgres.js';
import { Renewals } from '../support/renewals.js';
import { createSessions, sampleAppend, sampleEvents, storedEvents } from './postgres-samples.js';

const known = MIGRATIONS.map((_, index) => index + 1);
/** The steps of version 0.1.0, which did not mark them. */
const RELEASED = MIGRATIONS.slice(0, 1);
const released = RELEASED.map((_, index) => index + 1);
const NEXT = known.length + 1;
const ADDS_COLUMN: Migration = {
  isBreaking: false,
  sql: `alter table session add column note text not null default ''`,
};
const ADDS_TABLE: Migration = { isBreaking: false, sql: 'create table extra (id int)' };
const EXTENDS_SERVER: Migration = {
  isBreaking: false,
  sql: `alter table server add column version text not null default ''`,
};
const IDLE = { freeAgents: 0, isDraining: false };
const BREAKS: Migration = {
  isBreaking: true,
  sql: 'alter table session rename column config to configuration',
};

describePostgres('the schema in PostgreSQL', () => {
  let bench: PostgresBench;
  beforeEach(() => {
    bench = new PostgresBench();
  });
  afterEach(() => bench.close());

  it('is created once by servers that start at the same time, which then all work', async () => {
    const storages = await Promise.all(Array.from({ length: 6 }, () => bench.connect()));
    await Promise.all(storages.map((storage) => storage.open()));

    expect(await versions()).toEqual(MIGRATIONS.map((_, index) => index + 1));
    const created = await Promise.all(storages.map((storage) => createSessions(storage, 1)));
    const [storage] = storages;
    expect(await storage?.records.count('alice')).toBe(created.length);
  });

  it('is not changed by a server that finds it up to date', async () => {
    const [id = ''] = await createSessions(await bench.open(), 1);
    const again = await bench.open();
    expect(await again.records.get(id)).toMatchObject({ id });
    expect(await versions()).toHaveLength(MIGRATIONS.length);
  });

  it('of a newer release is used by this one while no step is breaking', async () => {
    const running = await bench.open();
    const [id = ''] = await createSessions(running, 1);
    await migrateTo(ADDS_COLUMN, ADDS_TABLE);
    expect(await versions()).toEqual([...known, NEXT, NEXT + 1]);

    expect(await createSessions(running, 1)).toHaveLength(1);
    const restarted = await bench.open();
    expect(await restarted.records.get(id)).toMatchObject({ id });
    expect(await createSessions(restarted, 1)).toHaveLength(1);
    expect(await versions()).toEqual([...known, NEXT, NEXT + 1]);
  });

  it('of a newer release is shared with its servers, while it is migrated and afterwards', async () => {
    const running = await bench.open({ leaseMs: 2000 });
    const renewing = new Renewals(running.cluster);
    const [kept = '', moved = ''] = await createSessions(running, 2);
    const migration = { isDone: false };
    const writing = (async () => {
      let seq = 0;
      while (!migration.isDone || seq < 20) {
        seq += 1;
        // oxlint-disable-next-line no-await-in-loop -- a log has one append in progress
        await running.events.append(sampleAppend(kept, sampleEvents(seq, 1)));
      }
      return seq;
    })();
    await migrateTo(ADDS_COLUMN, ADDS_TABLE, EXTENDS_SERVER);
    migration.isDone = true;
    const count = await writing;

    // The storage of a server that starts, which finds the schema of the newer release.
    const newer = await bench.open({ leaseMs: 2000 });
    expect((await newer.cluster.renew(IDLE)).others).toHaveLength(1);
    await expect(newer.records.claim(kept)).rejects.toThrow(OwnedElsewhereError);
    expect((await running.cluster.renew(IDLE)).others).toHaveLength(1);
    expect(await storedEvents(newer, kept)).toHaveLength(count);
    await running.cluster.release(moved, 1);
    expect(await newer.records.claim(moved)).toMatchObject({ server: newer.cluster.address });
    await expect(running.records.claim(moved)).rejects.toThrow(OwnedElsewhereError);
    await newer.cluster.leave();
    expect(await running.records.claim(moved)).toMatchObject({ server: running.cluster.address });
    await renewing.end();
  });

  it('of a release without leases keeps its sessions, which belong to no server then', async () => {
    await createReleased();
    await bench.rows(
      `insert into schema.session
         (id, owner, config, epoch, server, is_unfinished, created_at, last_activity_at)
       values ('old', 'alice', '{}', 7, 123, true, now(), now())`,
    );
    const storage = await bench.open();
    expect(await storage.records.get('old')).toMatchObject({ epoch: 7, server: null });
    expect(await storage.records.unfinished(10, null)).toEqual(['old']);
    expect(await storage.records.claim('old')).toMatchObject({ server: storage.cluster.address });
    expect(await storage.records.unfinished(10, null)).toEqual([]);
  });

  it('of a newer release is rejected with an error message when a step was breaking', async () => {
    await bench.closeStorage(await bench.open());
    await migrateTo(ADDS_COLUMN, BREAKS, ADDS_TABLE);

    const opening = (await bench.connect()).open();
    await expect(opening).rejects.toThrow(PostgresError);
    await expect(opening).rejects.toThrow(
      `The schema ${bench.schema} is at version ${NEXT + 2}, which this release (version ${NEXT - 1}) ` +
        'cannot work with: start the release that migrated the schema, or a later one, or choose ' +
        'another schema.',
    );
    await migrateTo(ADDS_COLUMN, BREAKS);
  });

  it('of a newer release that did not mark its steps is rejected', async () => {
    await createReleased();
    await bench.rows('insert into schema.migration (version) values ($1)', [NEXT]);
    await expect((await bench.connect()).open()).rejects.toThrow(`is at version ${NEXT}, which`);
  });

  it('of a release without marks is used unchanged, and marked by the next step', async () => {
    await createReleased();
    await migrate(new Database(bench.admin, 10_000), bench.schema, RELEASED);
    expect(await ledger()).toEqual(released.map((version) => ({ version })));

    const storage = await bench.open();
    const [id = ''] = await createSessions(storage, 1);
    await migrateTo(ADDS_COLUMN);
    expect(await ledger()).toEqual([
      ...MIGRATIONS.map((step, index) => ({ version: index + 1, is_breaking: step.isBreaking })),
      { version: NEXT, is_breaking: false },
    ]);
    const again = await bench.open();
    expect(await again.records.get(id)).toMatchObject({ id });
    expect(await bench.rows('select note from schema.session')).toEqual([{ note: '' }]);
  });

  it('is migrated once by servers of two releases that start at the same time', async () => {
    await createReleased();
    const storages = await Promise.all(Array.from({ length: 3 }, () => bench.connect()));
    await Promise.all([
      ...storages.map((storage) => storage.open()),
      ...Array.from({ length: 3 }, () => migrateTo(ADDS_COLUMN, ADDS_TABLE)),
    ]);
    expect(await versions()).toEqual([...known, NEXT, NEXT + 1]);
    const created = await Promise.all(storages.map((storage) => createSessions(storage, 1)));
    expect(created.flat()).toHaveLength(3);
  });

  it('is unchanged when a step fails', async () => {
    await createReleased();
    await expect(migrateTo(ADDS_TABLE, { isBreaking: false, sql: 'no sql' })).rejects.toThrow(
      'syntax error',
    );
    expect(await ledger()).toEqual(released.map((version) => ({ version })));
    await migrateTo(ADDS_TABLE);
    expect(await versions()).toEqual([...known, NEXT]);
  });

  it('is filled by a role that may not create schemas when an administrator has created it', async () => {
    const role = `"${bench.schema} role"`;
    await bench.admin.query(`create role ${role} login`);
    try {
      await bench.admin.query(`create schema "${bench.schema}" authorization ${role}`);
      const url = new URL(bench.url);
      url.username = encodeURIComponent(`${bench.schema} role`);
      const storage = await PostgresStorage.connect(url.href, { schema: bench.schema });
      try {
        await storage.open();
        expect(await createSessions(storage, 1)).toHaveLength(1);
      } finally {
        await storage.close();
      }
    } finally {
      await bench.admin.query(`drop owned by ${role} cascade; drop role ${role}`);
    }
  });

  it('is separate from others, whatever its name', async () => {
    const names = [`${bench.schema} 'quo"te; --`, `${bench.schema} É`];
    for (const schema of names) {
      /* oxlint-disable no-await-in-loop -- one server runs after the other */
      const storage = await PostgresStorage.connect(bench.url, { schema });
      await storage.open();
      await createSessions(storage, 1);
      expect(await storage.records.count('alice')).toBe(1);
      await storage.close();
      await bench.admin.query(`drop schema "${schema.replaceAll('"', '""')}" cascade`);
      /* oxlint-enable no-await-in-loop */
    }
  });

  it.each(['', 'x'.repeat(64), 'é'.repeat(32), 'a\0b'])(
    'is rejected when its name is %j',
    async (schema) => {
      await expect(PostgresStorage.connect(POSTGRES_URL, { schema })).rejects.toThrow(
        '`schema` must be a name of 1 to 63 bytes without NUL',
      );
    },
  );

  /** Starts as a newer release, which has more steps. */
  async function migrateTo(...steps: Migration[]): Promise<void> {
    const database = new Database(bench.admin, 10_000);
    await migrate(database, bench.schema, [...MIGRATIONS, ...steps]);
  }

  /** The schema as version 0.1.0 created it. */
  async function createReleased(): Promise<void> {
    const steps = RELEASED.map(
      ({ sql }, index) => `${sql}; insert into migration (version) values (${index + 1});`,
    );
    await bench.admin.query(`begin;
      create schema "${bench.schema}";
      set local search_path to "${bench.schema}";
      create table migration (
        version int primary key, applied_at timestamptz not null default now()
      );
      ${steps.join('')}
      commit`);
  }

  async function ledger(): Promise<object[]> {
    const rows = await bench.rows<{ applied_at?: Date }>(
      'select * from schema.migration order by version',
    );
    for (const row of rows) delete row.applied_at;
    return rows;
  }

  async function versions(): Promise<number[]> {
    const rows = await bench.rows<{ version: number }>(
      'select version from schema.migration order by version',
    );
    return rows.map(({ version }) => version);
  }
});
