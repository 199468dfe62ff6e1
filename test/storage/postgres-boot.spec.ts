import { randomUUID } from 'node:crypto';
import { connect, createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import { PostgresStorage } from '../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { findFreePort } from '../support/free-port.js';
import { describePostgres, POSTGRES_URL, PostgresBench } from '../support/postgres.js';
import { Program } from '../support/program.js';

describe('PostgreSQL that is away when a server starts', () => {
  it('is retried for a limited time, reported once, and named without its password', async () => {
    const port = await findFreePort();
    const storage = await PostgresStorage.connect(`postgres://ann:s3cret@127.0.0.1:${port}/shop`, {
      openTimeoutMs: 400,
    });
    const onTrouble = jest.fn();
    const opening = storage.open(onTrouble);
    await expect(opening).rejects.toMatchObject({
      name: 'PostgresError',
      message:
        `PostgreSQL at 127.0.0.1:${port}, database 'shop', cannot be reached (connect ECONNREFUSED ` +
        `127.0.0.1:${port}). Start the database, or correct the connection string of the storage.`,
    });
    expect(onTrouble.mock.calls).toEqual([
      [
        `PostgreSQL at 127.0.0.1:${port}, database 'shop', cannot be reached (connect ECONNREFUSED ` +
          `127.0.0.1:${port}). Retrying for 1 s.`,
      ],
    ]);
  });

  it('is not retried any more when the storage is closed', async () => {
    const port = await findFreePort();
    const storage = await PostgresStorage.connect(`postgres://ann@127.0.0.1:${port}/shop`);
    const opening = storage.open(() => void storage.close());
    await expect(opening).rejects.toThrow('cannot be reached');
  });

  it('ends the standalone server with a message that names the setting', async () => {
    const sources = await CompiledSources.create();
    try {
      const port = await findFreePort();
      const server = Program.node(sources.path('src/main.ts'), [], {
        env: {
          NO_COLOR: '1',
          PORT: '0',
          AGENT_WEBKIT_AGENT: 'demo',
          AGENT_WEBKIT_NO_AUTH: '1',
          AGENT_WEBKIT_STORAGE: `postgres://ann:s3cret@127.0.0.1:${port}/shop`,
          AGENT_WEBKIT_STORAGE_OPEN_TIMEOUT_MS: '300',
        },
      });
      expect(await server.ended()).toBe(1);
      const said = (text: string) => server.lines.filter((line) => line.includes(text)).length;
      expect(said(`127.0.0.1:${port}, database 'shop', cannot be reached`)).toBe(2);
      expect(said('The setting is AGENT_WEBKIT_STORAGE.')).toBe(1);
      expect(server.output).not.toMatch(/s3cret|\n\s+at /);
    } finally {
      await sources.remove();
    }
  });
});

describePostgres('PostgreSQL that comes up while a server starts', () => {
  let bench: PostgresBench;
  let proxy: Server | null = null;
  beforeEach(() => {
    bench = new PostgresBench();
  });
  afterEach(async () => {
    await bench.close();
    proxy?.close();
  });

  it('is opened by a retry', async () => {
    const port = await findFreePort();
    const { hostname, port: realPort } = new URL(POSTGRES_URL);
    const url = new URL(bench.url);
    url.host = `127.0.0.1:${port}`;
    const storage = await PostgresStorage.connect(url.href, { schema: bench.schema });
    await storage.open(() => {
      proxy = createServer((client) => {
        const database = connect(Number(realPort || 5432), hostname);
        client.pipe(database).pipe(client);
        client.on('error', () => database.destroy());
        database.on('error', () => client.destroy());
      }).listen(port, '127.0.0.1');
    });
    expect(await storage.records.count('ann')).toBe(0);
    await storage.close();
    if (proxy) await once(proxy.close(), 'close');
  });

  it('is not retried when it has no such database', async () => {
    const url = new URL(POSTGRES_URL);
    url.pathname = '/no such database';
    const storage = await PostgresStorage.connect(url.href);
    await expect(storage.open()).rejects.toThrow(
      /^PostgreSQL at \S+, database 'no such database', rejects the connection: database "no such database" does not exist\./,
    );
  });
});

describePostgres('A PostgreSQL database that is not UTF-8', () => {
  it.each(['LATIN1', 'SQL_ASCII', 'EUC_JP'])('is rejected when it is %s', async (encoding) => {
    const admin = new Client({ connectionString: POSTGRES_URL });
    await admin.connect();
    const name = `agent_webkit_${randomUUID().replaceAll('-', '')}`;
    const url = new URL(POSTGRES_URL);
    url.pathname = name;
    await admin.query(
      `create database ${name} encoding '${encoding}' template template0 lc_collate 'C' lc_ctype 'C'`,
    );
    const storage = await PostgresStorage.connect(url.href);
    try {
      await expect(storage.open()).rejects.toMatchObject({
        name: 'PostgresError',
        message: expect.stringMatching(
          new RegExp(`database '${name}', has the encoding ${encoding}, .* encoding UTF8 `),
        ),
      });
    } finally {
      await storage.close();
      await admin.query(`drop database ${name} with (force)`);
      await admin.end();
    }
  });
});
