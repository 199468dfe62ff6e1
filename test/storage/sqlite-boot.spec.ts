import { copyFile, mkdir, open, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import { createSession } from '../../src/agent-webkit/storage/conformance/fixtures.js';
import { drivers, SqliteBench } from './sqlite-bench.js';

describe.each(drivers)('the start of a SQLite storage by %s', (driver) => {
  let bench: SqliteBench;
  beforeEach(async () => {
    bench = await SqliteBench.create();
  });
  afterEach(() => bench.close());

  /** Expects one sentence for the operator, which names the path, the cause and what to do. */
  async function expectRefused(file: string, problem: string | RegExp, action: string) {
    const error: unknown = await bench.open({ driver, file }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: 'SqliteStorageError' });
    const { message } = error as Error;
    expect(message).toMatch(problem);
    expect(message).toContain(file);
    expect(message.endsWith(action)).toBe(true);
    expect(message).not.toContain('\n');
  }

  /** Creates a database of several pages, and returns its path. */
  async function createDatabase(): Promise<string> {
    const storage = await bench.open({ driver });
    for (let count = 0; count < 50; count += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one file
      await createSession(storage, { owner: 'a'.repeat(500) });
    }
    await storage.close();
    const file = join(bench.folder, 'copy.db');
    await copyFile(bench.file, file);
    return file;
  }

  it('names a file that is something else', async () => {
    await writeFile(bench.file, 'Dear diary. '.repeat(1000));
    await expectRefused(
      bench.file,
      'is not a SQLite database (file is not a database, SQLite code 26).',
      'Choose another file, or restore a backup.',
    );
  });

  it('names a file that is truncated', async () => {
    const file = await createDatabase();
    await truncate(file, 8192);
    await expectRefused(
      file,
      'is corrupted (database disk image is malformed, SQLite code 11).',
      'restore a backup.',
    );
  });

  it('names a file whose pages are damaged', async () => {
    const file = await createDatabase();
    const { size } = await stat(file);
    const handle = await open(file, 'r+');
    await handle.write(Buffer.alloc(size - 4096, 0xab), 0, size - 4096, 4096);
    await handle.close();
    await expectRefused(
      file,
      'is corrupted (database disk image is malformed, SQLite code 11).',
      'restore a backup.',
    );
  });

  it('names a file with tables of another program, or without its tables', async () => {
    const foreign = join(bench.folder, 'foreign.db');
    const empty = join(bench.folder, 'empty.db');
    const statements = [
      [foreign, 'create table agent_webkit_session (x)'],
      [
        empty,
        'create table agent_webkit_schema (version); insert into agent_webkit_schema values (2)',
      ],
    ] as const;
    for (const [file, sql] of statements) {
      const database = new Libsql(file);
      database.exec(sql);
      database.close();
    }
    const action = 'Choose another file or another `tablePrefix`, or restore a backup.';
    await expectRefused(foreign, 'has tables of another structure', action);
    await expectRefused(empty, 'has tables of another structure', action);
  });

  it('names a directory', async () => {
    await mkdir(bench.file);
    await expectRefused(
      bench.file,
      'cannot be opened: it is a directory',
      'Choose the path of a file.',
    );
  });

  it('names a path that leads through a file', async () => {
    await writeFile(bench.file, '');
    const file = join(bench.file, 'data', 'sessions.db');
    await expectRefused(file, 'cannot be opened: a folder of its path is a file', 'another file.');
  });

  it('names a name that is too long', async () => {
    const file = join(bench.folder, 'n'.repeat(300));
    await expectRefused(file, /cannot be opened: .*ENAMETOOLONG/, 'Check the path and the disk.');
  });

  it('does not hang where the system refuses a folder', async () => {
    // Node creates folders below /proc without end.
    const file = process.platform === 'linux' ? '/proc/agent-webkit/x/sessions.db' : '/dev/null/x';
    await expectRefused(file, 'cannot be opened', '.');
  });
});
