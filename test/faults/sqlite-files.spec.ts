import {
  chmod,
  copyFile,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RealServer } from '../durability/real-server.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';

let sources: CompiledSources;
beforeAll(async () => {
  sources = await CompiledSources.create();
}, 60_000);
afterAll(() => sources.remove());

describe('a server whose SQLite file', () => {
  let parent: string;
  let folder: string;
  let file: string;
  let server: RealServer;
  let session: string;
  let sent: string[];
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'agent-webkit-files-'));
    folder = join(parent, 'data');
    file = join(folder, 'sessions.db');
    sent = [];
    server = new RealServer(sources, {
      AGENT_WEBKIT_STORAGE: `file:${file}`,
      AGENT_WEBKIT_STORAGE_TIMEOUT_MS: '2000',
    });
    await server.start();
    session = await create();
    await send('before the fault');
  });
  afterEach(async () => {
    await server.close();
    await rm(parent, { recursive: true, force: true });
  });

  it('was moved rejects messages, and accepts them when it is put back', async () => {
    await rename(file, `${file}.away`);
    await expectFault('removed or moved');
    await rename(`${file}.away`, file);
    await sendEventually('after the fault');
    await expectStored();
  });

  it('is in a folder that was renamed accepts messages when it is named back', async () => {
    await rename(folder, `${folder}.away`);
    await expectFault('removed or moved');
    await rename(`${folder}.away`, folder);
    await sendEventually('after the fault');
    await expectStored();
  });

  it('was deleted saves its content to another file', async () => {
    await rm(file);
    await expectFault('removed or moved');
    const [saved = ''] = (await readdir(folder)).filter((name) => name.includes('.rescued-'));
    expect(errors()[0]).toContain(`Its content was saved to ${join(folder, saved)}.`);
    expect(await modeOf(join(folder, saved))).toBe(0o600);
    await server.kill();
    await rename(join(folder, saved), file);
    await expectStored();
  });

  it('was replaced rejects messages, and leaves the other file unchanged', async () => {
    const backup = join(parent, 'backup.db');
    await copyBackup(backup);
    await send('not in the backup');
    await rename(backup, file);
    await expectFault('replaced by another file');
    sent = ['before the fault'];
    await expectStored();
    await sendEventually('after the restore');
    await expectStored();
  });

  it('was overwritten in place rejects messages', async () => {
    const backup = join(parent, 'backup.db');
    await copyBackup(backup);
    await copyFile(backup, file);
    await expectFault('overwritten');
    await server.kill();
    await rm(`${file}-wal`, { force: true });
    await rm(`${file}-shm`, { force: true });
    await copyFile(backup, file);
    await expectStored();
  });

  it.each(['-wal', '-shm'])('lost its %s loses no event', async (suffix) => {
    await rm(file + suffix);
    await send('after the fault');
    await expectStored();
  });

  it('lost both of its companions loses no event', async () => {
    await rm(`${file}-wal`);
    await rm(`${file}-shm`);
    await sendEventually('after the fault');
    await expectStored();
  });

  it('is corrupted names that to the client, and the path in one error of its log', async () => {
    await send('x'.repeat(200_000));
    await server.kill();
    await damageLongTexts();
    await server.start();
    const answer = await server.request('GET', `/sessions/${session}/events`);
    expect(answer).toEqual({
      status: 503,
      body: JSON.stringify({
        statusCode: 503,
        code: 'storage_unavailable',
        message: 'The database is corrupted. The operator of the server has to fix this.',
      }),
    });
    expect(errors()).toHaveLength(1);
    expect(errors()[0]).toContain(`The database ${file} is corrupted`);
    expect(errors()[0]).toContain('restore a backup');
  });

  it('is readable by its owner only, with everything beside it', async () => {
    const names = await readdir(folder);
    expect(names).toEqual(
      expect.arrayContaining([
        'sessions.db',
        'sessions.db-shm',
        'sessions.db-wal',
        'sessions.db.lock',
      ]),
    );
    const modes = await Promise.all(names.map((name) => modeOf(join(folder, name))));
    expect(new Set(modes)).toEqual(new Set([0o600]));
    expect(await modeOf(folder)).toBe(0o700);
  });

  it('was created by an earlier release takes it from other users', async () => {
    await server.kill();
    const files = [file, `${file}-wal`, `${file}-shm`, `${file}.lock`];
    await Promise.all(files.map((path) => chmod(path, 0o644)));
    await server.start();
    expect(await Promise.all(files.map(modeOf))).toEqual(files.map(() => 0o600));
    await server.kill();
    await chmod(file, 0o640);
    await server.start();
    expect(await modeOf(file)).toBe(0o640);
  });

  async function create(): Promise<string> {
    const answer = await server.request('POST', '/sessions', {});
    expect(answer?.status).toBe(200);
    return (JSON.parse(answer?.body ?? '') as { session_id: string }).session_id;
  }

  function post(content: string) {
    const message = { type: 'user_message', content };
    return server.request('POST', `/sessions/${session}/input`, message);
  }

  async function send(content: string): Promise<void> {
    expect(await post(content)).toEqual({ status: 204, body: '' });
    sent.push(content);
  }

  async function sendEventually(content: string): Promise<void> {
    await eventually(
      () => post(content),
      (answer) => answer?.status === 204,
    );
    sent.push(content);
  }

  /** Sends two messages, which must be rejected for this reason, and expects one error in the log. */
  async function expectFault(reason: string): Promise<void> {
    for (const content of ['one', 'two']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const answer = await post(content);
      expect(answer?.status).toBe(503);
      expect(JSON.parse(answer?.body ?? '')).toEqual({
        statusCode: 503,
        code: 'storage_unavailable',
        message: `The database file was ${reason} while the server used it. The operator of the server has to fix this.`,
      });
    }
    expect(errors()).toHaveLength(1);
    expect(errors()[0]).toContain(`The database ${file} was`);
  }

  function errors(): string[] {
    return server.lines.filter((line) => line.includes(' ERROR '));
  }

  /** Expects the accepted messages, after a SIGKILL and a restart. */
  async function expectStored(): Promise<void> {
    await server.kill();
    await server.start();
    const answer = await server.request('GET', `/sessions/${session}/events?limit=1000`);
    expect(answer?.status).toBe(200);
    const { events } = JSON.parse(answer?.body ?? '') as {
      events: { event: string; data: { content: string } }[];
    };
    const stored = events
      .filter(({ event }) => event === 'user_message')
      .map(({ data }) => data.content);
    expect(stored).toEqual(expect.arrayContaining(sent));
  }

  /** Damages the pages of the file that continue a long text: their first four bytes name the next page. */
  async function damageLongTexts(): Promise<void> {
    const { default: Libsql } = await import('libsql');
    const database = new Libsql(file);
    database.exec('pragma wal_checkpoint(truncate)');
    database.close();
    const content = await readFile(file);
    const size = 4096;
    for (let at = size; at < content.length; at += size) {
      if (content.subarray(at + 4, at + size).every((byte) => byte === 0x78)) {
        content.writeUInt32BE(0xfffffff0, at);
      }
    }
    await writeFile(file, content);
  }

  async function copyBackup(target: string): Promise<void> {
    const { default: Libsql } = await import('libsql');
    const database = new Libsql(file);
    database.prepare('vacuum into ?').run(target);
    database.close();
  }
});

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}
