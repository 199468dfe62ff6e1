import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import Libsql from 'libsql';
import { Client } from 'pg';
import { describePostgres, POSTGRES_URL } from '../support/postgres.js';

/** The lease of servers on PostgreSQL, whose sessions wait for its end when they are killed, in milliseconds. */
export const LEASE_MS = '2000';

/** An empty storage for one test. */
export interface TestStorage {
  /** The value of `AGENT_WEBKIT_STORAGE` for it. */
  setting: string;
  /** Returns each row of each table as JSON. No server may have a SQLite file open. */
  rows(): Promise<string[]>;
  remove(): Promise<void>;
}

/** The durable storages by name, with the `describe` for tests on them. */
export const DURABLE = [
  { name: 'SQLite', describe, create: createFile },
  { name: 'PostgreSQL', describe: describePostgres, create: createDatabase },
];

async function createFile(): Promise<TestStorage> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-webkit-durability-'));
  const file = join(folder, 'sessions.db');
  return {
    setting: `file:${file}`,
    rows: () => Promise.resolve(readFile(file)),
    remove: () => rm(folder, { recursive: true }),
  };
}

async function createDatabase(): Promise<TestStorage> {
  const name = `agent_webkit_${randomUUID().replaceAll('-', '')}`;
  await administer(`create database ${name}`);
  const url = new URL(POSTGRES_URL);
  url.pathname = name;
  return {
    setting: url.href,
    rows: () => readDatabase(url.href),
    remove: () => administer(`drop database ${name} with (force)`),
  };
}

function readFile(file: string): string[] {
  const database = new Libsql(file);
  try {
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all();
    return (tables as { name: string }[]).flatMap(({ name }) =>
      database
        .prepare(`select * from "${name}"`)
        .all()
        .map((row) => JSON.stringify({ name, row })),
    );
  } finally {
    database.close();
  }
}

async function readDatabase(connectionString: string): Promise<string[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname !~ '^(pg_|information_)'",
    );
    const found: string[] = [];
    for (const { name } of tables) {
      // oxlint-disable-next-line no-await-in-loop -- one connection
      const { rows } = await client.query(`select * from ${name}`);
      found.push(...rows.map((row) => JSON.stringify({ name, row })));
    }
    return found;
  } finally {
    await client.end();
  }
}

async function administer(statement: string): Promise<void> {
  const client = new Client({ connectionString: POSTGRES_URL });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
