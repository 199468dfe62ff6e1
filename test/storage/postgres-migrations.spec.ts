import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { MIGRATIONS } from '../../src/agent-webkit/storage/postgres/migrations.js';
import { PostgresError } from '../../src/agent-webkit/storage/postgres/postgres-error.js';
import { PostgresStorage } from '../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { describePostgres, POSTGRES_URL, PostgresBench } from '../support/postgres.js';
import { createSessions } from './postgres-samples.js';

describePostgres('the schema in PostgreSQL', () => {
  let bench: PostgresBench;
  beforeEach(() => {
    bench = new PostgresBench();
  });
  afterEach(() => bench.close());

  it('is made once by servers that start at the same time, which then all work', async () => {
    const storages = await Promise.all(Array.from({ length: 6 }, () => bench.connect()));
    await Promise.all(storages.map((storage) => storage.open()));

    expect(await versions()).toEqual(MIGRATIONS.map((_, index) => index + 1));
    const created = await Promise.all(storages.map((storage) => createSessions(storage, 1)));
    const [storage] = storages;
    expect(await storage?.records.count('alice')).toBe(created.length);
  });

  it('is left as it is by a server that finds it ready', async () => {
    const [id = ''] = await createSessions(await bench.open(), 1);
    const again = await bench.open();
    expect(await again.records.get(id)).toMatchObject({ id });
    expect(await versions()).toHaveLength(MIGRATIONS.length);
  });

  it('of a newer version is refused with a sentence', async () => {
    await bench.closeStorage(await bench.open());
    const newer = MIGRATIONS.length + 1;
    await bench.rows('insert into schema.migration (version) values ($1)', [newer]);

    const storage = await bench.connect();
    const opening = storage.open();
    await expect(opening).rejects.toThrow(PostgresError);
    await expect(opening).rejects.toThrow(
      `The schema ${bench.schema} is of version ${newer}, and this server knows ${MIGRATIONS.length} at the most.`,
    );
  });

  it('is made where an administrator created it, by a role that may not create one', async () => {
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

  it('keeps to itself, whatever its name is', async () => {
    const names = [`${bench.schema} 'quo"te; --`, `${bench.schema} É`];
    for (const schema of names) {
      /* oxlint-disable no-await-in-loop -- one server's whole life after the other's */
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
    'cannot be named %j, which is said at once',
    async (schema) => {
      await expect(PostgresStorage.connect(POSTGRES_URL, { schema })).rejects.toThrow(
        'schema must be a name of 1 to 63 bytes without NUL',
      );
    },
  );

  async function versions(): Promise<number[]> {
    const rows = await bench.rows<{ version: number }>(
      'select version from schema.migration order by version',
    );
    return rows.map(({ version }) => version);
  }
});
