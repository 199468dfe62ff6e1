import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  append,
  createSession,
  sampleEvents,
  storedSeqs,
} from '../../src/agent-webkit/storage/conformance/fixtures.js';
import type { Migration } from '../../src/agent-webkit/storage/migration.js';
import { createMigrations } from '../../src/agent-webkit/storage/sqlite/schema.js';
import { SqliteThread } from '../../src/agent-webkit/storage/sqlite/sqlite-thread.js';
import { drivers, SqliteBench } from './sqlite-bench.js';

const PREFIX = 'agent_webkit_';
const STEPS = createMigrations(PREFIX);
const NEXT = STEPS.length + 1;
/** The steps of version 0.1.0, which did not mark them. */
const RELEASED = STEPS.slice(0, 1);
const BREAKING = STEPS.findLastIndex(({ isBreaking }) => isBreaking) + 1;
const ADDS_COLUMN: Migration = {
  isBreaking: false,
  sql: `alter table ${PREFIX}session add column note text not null default ''`,
};
const ADDS_TABLE: Migration = {
  isBreaking: false,
  sql: `create table ${PREFIX}extra (id integer)`,
};
const BREAKS: Migration = {
  isBreaking: true,
  sql: `alter table ${PREFIX}session rename column config to configuration`,
};

describe.each(drivers)('the schema in SQLite by %s', (driver) => {
  let bench: SqliteBench;
  beforeEach(async () => {
    bench = await SqliteBench.create();
  });
  afterEach(() => bench.close());

  it('of a newer release is used by this one while no step is breaking', async () => {
    const id = await keepSession();
    await migrateTo(ADDS_COLUMN, ADDS_TABLE);
    const storage = await bench.open({ driver });
    await append(storage, id, sampleEvents(2, 2));
    expect(await storedSeqs(storage, id)).toEqual([1, 2, 3]);
    await createSession(storage);
    await storage.close();
    expect(await readLedger()).toEqual([{ version: NEXT + 1, breaking_version: BREAKING }]);
  });

  it('of a newer release is rejected with an error message when a step was breaking', async () => {
    await keepSession();
    await migrateTo(ADDS_COLUMN, BREAKS, ADDS_TABLE);
    await expect(bench.open({ driver })).rejects.toMatchObject({
      name: 'SqliteStorageError',
      message:
        `The database ${bench.file} is at version ${NEXT + 2}, which this release (version ` +
        `${NEXT - 1}) cannot work with: start the release that migrated the file, or a later one, ` +
        'or choose another file.',
    });
    await migrateTo(ADDS_COLUMN, BREAKS);
  });

  it('of a newer release that did not mark its steps is rejected', async () => {
    await createReleased();
    await onReleased((thread) =>
      thread.write([
        [{ kind: 'write', sql: `update ${PREFIX}schema set version = 99`, params: [] }],
      ]),
    );
    await expect(bench.open({ driver })).rejects.toThrow('is at version 99, which this release');
  });

  it('of a release without marks is used unchanged, and marked by the next step', async () => {
    await createReleased();
    await onReleased((thread) => thread.read('select 1'));
    expect(await readLedger()).toEqual([{ version: RELEASED.length }]);
    const id = await keepSession();
    expect(await readLedger()).toEqual([{ version: STEPS.length, breaking_version: BREAKING }]);
    await migrateTo(ADDS_COLUMN);
    expect(await readLedger()).toEqual([{ version: NEXT, breaking_version: BREAKING }]);
    expect(await storedSeqs(await bench.open({ driver }), id)).toEqual([1]);
  });

  it('is unchanged when a step fails', async () => {
    const id = await keepSession();
    const broken = migrateTo(ADDS_COLUMN, { isBreaking: false, sql: 'no sql' });
    await expect(broken).rejects.toThrow('syntax error');
    expect(await readLedger()).toEqual([{ version: STEPS.length, breaking_version: BREAKING }]);
    await migrateTo(ADDS_COLUMN);
    expect(await storedSeqs(await bench.open({ driver }), id)).toEqual([1]);
  });

  /** Keeps a session with one event in the file, and returns its id. */
  async function keepSession(): Promise<string> {
    const storage = await bench.open({ driver });
    const id = await createSession(storage);
    await append(storage, id, sampleEvents(1, 1));
    await storage.close();
    return id;
  }

  /** Starts as a newer release, which has more steps, and stops. */
  async function migrateTo(...steps: Migration[]): Promise<void> {
    await onFile((thread) => thread.read('select 1'), [...STEPS, ...steps]);
  }

  /** The file as version 0.1.0 created it. */
  async function createReleased(): Promise<void> {
    const sql = RELEASED.map((step) => step.sql).join(';');
    const table = `create table ${PREFIX}schema (version integer not null)`;
    const step = `${sql}; ${table}; insert into ${PREFIX}schema values (${RELEASED.length})`;
    const thread = open('writer_ledger', [{ isBreaking: true, sql: step }]);
    await thread.read('select 1');
    await thread.close();
  }

  async function readLedger(): Promise<object[]> {
    const thread = open('reader_ledger', []);
    const rows = await thread.read(`select * from ${PREFIX}schema`);
    await thread.close();
    return rows;
  }

  function onReleased<T>(work: (thread: SqliteThread) => Promise<T>): Promise<T> {
    return onFile(work, RELEASED);
  }

  async function onFile<T>(
    work: (thread: SqliteThread) => Promise<T>,
    steps: readonly Migration[],
  ): Promise<T> {
    const thread = open(`${PREFIX}schema`, steps);
    try {
      return await work(thread);
    } finally {
      await thread.close();
    }
  }

  function open(versionTable: string, migrations: readonly Migration[]): SqliteThread {
    return new SqliteThread({ file: bench.file, driver, versionTable, migrations });
  }
});
