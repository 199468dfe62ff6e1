import type { Database, Query } from './database.js';
import { MIGRATIONS } from './migrations.js';
import { PostgresError } from './postgres-error.js';
import { quoteIdentifier } from './text.js';

/** An index on a table that has grown takes its time. */
const MIGRATION_TIMEOUT_MS = 10 * 60 * 1000;

/**
 * Brings a schema to this code's version, once, however many servers start at the same time: those
 * who come later wait. One that is of this version already needs no right to create anything.
 *
 * @param name the schema's name, as it is
 * @throws PostgresError when the schema is of a newer version
 */
export async function migrate(database: Database, name: string): Promise<void> {
  if ((await readVersion(database.query, name)) === MIGRATIONS.length) return;
  await database.transaction(async (query) => {
    await query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `agent-webkit migrates ${name}`,
    ]);
    const version = (await readVersion(query, name)) ?? (await createLedger(query, name));
    await query(`set local search_path to ${quoteIdentifier(name)}`);
    for (const [index, migration] of MIGRATIONS.slice(version).entries()) {
      /* oxlint-disable no-await-in-loop -- one builds on the other */
      await query(migration);
      await query('insert into migration (version) values ($1)', [version + index + 1]);
      /* oxlint-enable no-await-in-loop */
    }
  }, MIGRATION_TIMEOUT_MS);
}

/** Null when nothing was ever there. */
async function readVersion(query: Query, name: string): Promise<number | null> {
  // Not to_regclass(): within a transaction it may go on not seeing what it did not see before.
  const ledgers = await query(
    `select 1 from pg_tables where schemaname = $1 and tablename = 'migration'`,
    [name],
  );
  if (ledgers.length === 0) return null;
  const [row] = await query<{ version: string }>(
    `select coalesce(max(version), 0) as version from ${quoteIdentifier(name)}.migration`,
  );
  const version = Number(row?.version);
  if (version > MIGRATIONS.length) {
    throw new PostgresError(
      `The schema ${name} is of version ${version}, and this server knows ${MIGRATIONS.length} at ` +
        'the most. Start the newer release that made it so, or name another schema.',
    );
  }
  return version;
}

async function createLedger(query: Query, name: string): Promise<0> {
  const schema = quoteIdentifier(name);
  const found = await query('select 1 from pg_namespace where nspname = $1', [name]);
  // Not "if not exists", for which PostgreSQL wants the right to create one even where it does.
  if (found.length === 0) await query(`create schema ${schema}`);
  await query(
    `create table ${schema}.migration (
       version int primary key,
       applied_at timestamptz not null default now()
     )`,
  );
  return 0;
}
