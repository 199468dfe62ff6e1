import type { Migration } from '../migration.js';
import type { Database, Query } from './database.js';
import { MIGRATIONS } from './migrations.js';
import { PostgresError } from './postgres-error.js';
import { quoteIdentifier } from './text.js';

/** Creating an index on a large table takes long. */
const MIGRATION_TIMEOUT_MS = 10 * 60 * 1000;

/** The steps that were applied to a schema: their number, and the number of the last breaking one. */
interface Ledger {
  readonly version: number;
  readonly breakingVersion: number;
}

/**
 * Applies the steps that a schema lacks. Servers that start at the same time wait for each other,
 * and each step is applied once. A schema that lacks nothing is only read, so that a server without
 * the right to create anything can start.
 *
 * A schema of a newer version is used as it is, unless one of the steps that are not known here was
 * breaking.
 *
 * @param name the schema's name, unquoted
 * @throws PostgresError when the schema has a breaking step that is not among the migrations
 */
export async function migrate(
  database: Database,
  name: string,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  const known = migrations.length;
  const found = await readLedger(database.query, name);
  if (found) checkCompatible(found, name, known);
  if (found && found.version >= known) return;
  await database.transaction(async (query) => {
    await query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `agent-webkit migrates ${name}`,
    ]);
    const ledger = (await readLedger(query, name)) ?? (await createLedger(query, name));
    checkCompatible(ledger, name, known);
    if (ledger.version >= known) return;
    await query(`set local search_path to ${quoteIdentifier(name)}`);
    const steps = migrations.slice(ledger.version);
    /* oxlint-disable no-await-in-loop -- each step depends on the one before */
    for (const { sql } of steps) await query(sql);
    // Last, because it locks the ledger, which starting servers read.
    await query(
      'alter table migration add column if not exists is_breaking boolean not null default true',
    );
    for (const [index, { isBreaking }] of steps.entries()) {
      await query('insert into migration (version, is_breaking) values ($1, $2)', [
        ledger.version + index + 1,
        isBreaking,
      ]);
    }
    /* oxlint-enable no-await-in-loop */
  }, MIGRATION_TIMEOUT_MS);
}

function checkCompatible({ version, breakingVersion }: Ledger, name: string, known: number): void {
  if (breakingVersion <= known) return;
  throw new PostgresError(
    `The schema ${name} is at version ${version}, which this release (version ${known}) cannot ` +
      'work with: start the release that migrated the schema, or a later one, or choose another schema.',
  );
}

/** Returns null when the schema has no ledger. */
async function readLedger(query: Query, name: string): Promise<Ledger | null> {
  // Not to_regclass(), which may miss a table that another transaction created a moment ago.
  const ledgers = await query(
    `select 1 from pg_tables where schemaname = $1 and tablename = 'migration'`,
    [name],
  );
  if (ledgers.length === 0) return null;
  // By to_jsonb(), because another server may add the column at this moment. Releases before it did
  // not mark their steps: all of them count as breaking.
  const [row] = await query<{ version: string; breaking: string }>(
    `select coalesce(max(version), 0) as version,
       coalesce(max(version) filter (
         where coalesce((to_jsonb(step) ->> 'is_breaking')::boolean, true)), 0) as breaking
     from ${quoteIdentifier(name)}.migration as step`,
  );
  return { version: Number(row?.version), breakingVersion: Number(row?.breaking) };
}

async function createLedger(query: Query, name: string): Promise<Ledger> {
  const schema = quoteIdentifier(name);
  const found = await query('select 1 from pg_namespace where nspname = $1', [name]);
  // Not "if not exists", for which PostgreSQL requires the right to create one even where it exists.
  if (found.length === 0) await query(`create schema ${schema}`);
  await query(
    `create table ${schema}.migration (
       version int primary key,
       applied_at timestamptz not null default now()
     )`,
  );
  return { version: 0, breakingVersion: 0 };
}
