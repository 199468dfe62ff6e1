// The measured storages, each with its own folder or schema.
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Pool } from 'pg';
import { MemoryStorage, PostgresStorage, SqliteStorage } from '../../dist/index.js';
import { RESULTS } from '../figures.mjs';

export const POSTGRES_URL = process.env.POSTGRES_URL ?? 'postgres://root@127.0.0.1:5432/test';

/**
 * The storages by kind. `prepare` creates a folder or schema, and returns it with a function that removes it.
 * `open` opens a storage there, and returns it with the number of committed write transactions.
 */
export const storages = {
  memory: { prepare: () => ({ place: '', remove: () => {} }), open: openMemory },
  sqlite: { prepare: prepareFolder, open: openSqlite },
  postgres: { prepare: prepareSchema, open: openPostgres },
};

/** Resolves to the storages that are available on this machine: their title in tables, by kind. */
export async function findStorages() {
  const driver = process.getBuiltinModule('node:sqlite') ? 'node:sqlite' : 'libsql';
  const names = { memory: 'memory', sqlite: `SQLite (${driver})` };
  try {
    const [{ fsync }] = await query('show fsync');
    names.postgres = fsync === 'on' ? 'PostgreSQL' : 'PostgreSQL, not durable: fsync is off';
  } catch (error) {
    console.warn(`Skipped PostgreSQL: could not connect. Set POSTGRES_URL. ${String(error)}`);
  }
  return names;
}

function openMemory() {
  return { storage: new MemoryStorage(), commits: () => 0, end: () => {} };
}

/** Does not use the system's folder for temporary files, which may be in memory. */
function prepareFolder() {
  mkdirSync(RESULTS, { recursive: true });
  const place = mkdtempSync(join(fileURLToPath(RESULTS), 'sqlite-'));
  return { place, remove: () => rmSync(place, { recursive: true }) };
}

function openSqlite(folder) {
  const file = join(folder, 'sessions.db');
  return {
    storage: new SqliteStorage({ file }),
    // SQLite counts commits for its readers: `iChange` in https://sqlite.org/walformat.html.
    commits: () => readFileSync(`${file}-shm`).readUInt32LE(8),
    end: () => {},
  };
}

function prepareSchema() {
  const place = `bench_${randomUUID().slice(0, 8)}`;
  return { place, remove: () => query(`drop schema if exists ${place} cascade`) };
}

function openPostgres(schema) {
  const pool = new Pool({ connectionString: POSTGRES_URL });
  let commits = 0;
  pool.on('error', () => {});
  pool.on('connect', (client) => {
    const run = client.query.bind(client);
    client.query = (statement, ...rest) => {
      // Each write of a session is one statement in its own transaction.
      if (!/^\s*select/i.test(statement.text ?? statement)) commits += 1;
      return run(statement, ...rest);
    };
  });
  return {
    storage: new PostgresStorage({ pool, schema }),
    commits: () => commits,
    end: () => pool.end(),
  };
}

async function query(text) {
  const client = new Client({ connectionString: POSTGRES_URL, connectionTimeoutMillis: 5000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
