import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { CompiledSources } from '../support/compiled-sources.js';
import { findFreePort } from '../support/free-port.js';
import { itOnly } from '../support/needs.js';
import { describePostgres, POSTGRES_URL } from '../support/postgres.js';
import { ServerProcess } from './server-process.js';

let sources: CompiledSources;
let folder: string;
beforeAll(async () => {
  sources = await CompiledSources.create();
  folder = await mkdtemp(join(tmpdir(), 'agent-webkit-boot-'));
});
afterEach(() => ServerProcess.killAll());
afterAll(async () => {
  await sources.remove();
  await rm(folder, { recursive: true, force: true });
});

/** Returns the sentence with which a server that cannot start ends: one line, with status 1, and no stack. */
const failure = async (env: Record<string, string>): Promise<string> => {
  const { program } = await ServerProcess.run(sources, 'exec "$@"', { env });
  expect(await program.ended()).toBe(1);
  expect(program.output).not.toMatch(/^\s+at |s3cret|unhandled/im);
  const errors = program.lines.filter((line) => line.includes(' ERROR '));
  expect(errors).toEqual([expect.stringContaining('[Server]')]);
  return errors[0]?.replace(/.* \[Server\] /, '') ?? '';
};

const SETTING = / The setting is AGENT_WEBKIT_STORAGE\.$/;

const failWith = async (path: string): Promise<string> => {
  const sentence = await failure({ AGENT_WEBKIT_STORAGE: `file:${path}` });
  expect(sentence).toContain(path);
  expect(sentence).toMatch(SETTING);
  return sentence;
};

describe('a storage that cannot be opened', () => {
  it('ends the server when its path is a folder', async () => {
    const path = join(folder, 'folder.db');
    await mkdir(path);
    expect(await failWith(path)).toMatch(/cannot be opened/);
  });

  it('ends the server when a folder of its path is a file, or its file is no database', async () => {
    const path = join(folder, 'text');
    await writeFile(path, 'This is a text and not a database. '.repeat(100));
    expect(await failWith(join(path, 'sessions.db'))).toMatch(/a folder of its path is a file/);
    expect(await failWith(path)).toMatch(/is not a SQLite database/);
  });

  it('ends the server when its folder cannot be created', async () => {
    expect(await failWith('/dev/null/data/sessions.db')).toMatch(/cannot be opened/);
  });

  it('ends the server when a newer release has changed it', async () => {
    const path = join(folder, 'newer.db');
    const env = { AGENT_WEBKIT_STORAGE: `file:${path}` };
    const server = await ServerProcess.start(sources, undefined, { env });
    await server.program.end();
    const script = `
      const { default: Database } = await import('libsql');
      new Database(process.argv[1]).exec(
        'update agent_webkit_schema set version = 999, breaking_version = 999');`;
    execFileSync(process.execPath, ['--input-type=module', '-e', script, path]);
    expect(await failWith(path)).toMatch(/is at version 999, which this release/);
  });
});

const asRoot = process.getuid?.() === 0 ? 'root may use every folder' : null;

const refusesWorkspace = async (path: string) => {
  expect(await failure({ AGENT_WEBKIT_WORKSPACE: path })).toBe(
    'AGENT_WEBKIT_WORKSPACE must be the path of an existing directory that the process may read, ' +
      `but got '${path}'. Correct it, or unset it for the default: \`workspace\` in the current directory of the process, which is created.`,
  );
};

describe('a workspace', () => {
  it('ends the server when it does not exist', () => refusesWorkspace(join(folder, 'missing')));

  itOnly(asRoot)('ends the server when it may not be read', async () => {
    const path = join(folder, 'secret');
    await mkdir(path, { mode: 0 });
    await refusesWorkspace(path);
  });
});

itOnly(asRoot)('a folder without permission ends the server', async () => {
  const path = join(folder, 'read-only');
  await mkdir(path, { mode: 0o500 });
  const sentence = await failure({ AGENT_WEBKIT_STORAGE: `file:${join(path, 'sessions.db')}` });
  expect(sentence).toMatch(/EACCES.*The setting is AGENT_WEBKIT_STORAGE\.$/);
});

describe('an address that the server cannot listen on', () => {
  let other: Server | null = null;
  afterEach(() => void other?.close());

  it.each(['no-such-host.invalid', '203.0.113.7', 'fe80::1'])('is named: %s', async (host) => {
    const env = { HOST: host, AGENT_WEBKIT_NO_AUTH: '0', AGENT_WEBKIT_TOKEN: 'ann:s3cret' };
    expect(await failure(env)).toBe(
      `HOST '${host}' is not an address of this machine. Choose another address, such as 127.0.0.1.`,
    );
  });

  it('is named when another program uses the port', async () => {
    const port = String(await findFreePort());
    other = createServer().listen(Number(port), '127.0.0.1');
    await once(other, 'listening');
    expect(await failure({ PORT: port })).toBe(
      `PORT ${port} is in use by another program. Choose another port.`,
    );
  });
});

describe('a connection string of PostgreSQL', () => {
  it.each([
    ['postgres://ann:s3cret@127.0.0.1:99999/shop', /^The connection string .* is not a valid URL/],
    [
      'postgres://ann:s3cret@127.0.0.1/shop?sslrootcert=/does/not/exist.pem',
      /^PostgreSQL at 127.0.0.1:5432, database 'shop', cannot be used: ENOENT.*exist\.pem/,
    ],
  ])('is not retried when it can never work: %s', async (url, sentence) => {
    const told = await failure({ AGENT_WEBKIT_STORAGE: url });
    expect(told).toMatch(sentence);
    expect(told).toMatch(SETTING);
  });
});

describePostgres('PostgreSQL', () => {
  const name = `agent_webkit_boot_${process.pid}`;
  const url = new URL(POSTGRES_URL);
  url.pathname = `/${name}`;
  const admin = new Client({ connectionString: POSTGRES_URL });
  let other: Server | null = null;
  beforeAll(async () => {
    await admin.connect();
    await admin.query(`create database ${name}`);
  });
  afterAll(async () => {
    other?.close();
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  });

  it('does not hold back a server that cannot listen', async () => {
    const port = String(await findFreePort());
    other = createServer().listen(Number(port), '127.0.0.1');
    await once(other, 'listening');
    expect(await failure({ PORT: port, AGENT_WEBKIT_STORAGE: url.href })).toMatch(/^PORT /);
  });

  it('ends the server when a newer release has changed the schema', async () => {
    const client = new Client({ connectionString: url.href });
    await client.connect();
    await client.query(
      'insert into agent_webkit.migration (version, is_breaking) values (999, true)',
    );
    await client.end();
    const sentence = await failure({ AGENT_WEBKIT_STORAGE: url.href });
    expect(sentence).toMatch(/^The schema agent_webkit is at version 999, which this release/);
    expect(sentence).toMatch(SETTING);
  });

  it.each([
    ['encrypted connections, which it does not offer', '?sslmode=verify-full'],
    ['a parameter, which it does not know', '?options=-cno_such_parameter%3D1'],
  ])('ends the server at once when the connection string asks for %s', async (_, query) => {
    const sentence = await failure({ AGENT_WEBKIT_STORAGE: `${POSTGRES_URL}${query}` });
    expect(sentence).toMatch(/^PostgreSQL at \S+, database '\w+', cannot be used: /);
    expect(sentence).toMatch(SETTING);
  });
});
