import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { Client } from 'pg';
import { describePostgres, POSTGRES_URL } from '../support/postgres.js';

/** An empty storage for one test. */
export interface TestStorage {
  /** The value of `AGENT_WEBKIT_STORAGE` for it. */
  setting: string;
  remove(): Promise<void>;
}

/** The durable storages by name, with the `describe` for tests on them. */
export const DURABLE = [
  { name: 'SQLite', describe, create: createFile },
  { name: 'PostgreSQL', describe: describePostgres, create: createDatabase },
];

async function createFile(): Promise<TestStorage> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-webkit-durability-'));
  return {
    setting: `file:${join(folder, 'sessions.db')}`,
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
    remove: () => administer(`drop database ${name} with (force)`),
  };
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
