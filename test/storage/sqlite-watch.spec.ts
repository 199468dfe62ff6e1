import { execFileSync } from 'node:child_process';
import { copyFile, link, readdir, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  append,
  createSession,
  sampleEvents,
  storedSeqs,
} from '../../src/agent-webkit/storage/conformance/fixtures.js';
import type { SqliteStorage } from '../../src/agent-webkit/storage/sqlite/sqlite-storage.js';
import { eventually } from '../support/eventually.js';
import { drivers, SqliteBench } from './sqlite-bench.js';

describe.each(drivers)('a SQLite file that is open by %s', (driver) => {
  let bench: SqliteBench;
  let storage: SqliteStorage;
  let id: string;
  let notices: string[];
  beforeEach(async () => {
    bench = await SqliteBench.create();
    storage = await bench.open({ driver });
    notices = [];
    await storage.open((notice) => void notices.push(notice));
    id = await createSession(storage);
    await append(storage, id, sampleEvents(1, 10));
  });
  afterEach(() => bench.close());

  /** Runs a statement in another process: two libraries for SQLite in one process release each other's locks. */
  function run(sql: string): void {
    const script =
      "const database = new (require('libsql'))(process.argv[1]);" +
      'database.exec(process.argv[2]); database.close();';
    execFileSync(process.execPath, ['-e', script, bench.file, sql]);
  }

  const uses: [string, () => Promise<void> | void][] = [
    ['reads it for a backup', () => run(`vacuum into '${join(bench.folder, 'backup.db')}'`)],
    ['writes the log into it', () => run('pragma wal_checkpoint(passive)')],
    ['empties the log', () => run('pragma wal_checkpoint(truncate)')],
    ['writes it', () => run('create table notes (text)')],
    ['rewrites it', () => run('vacuum')],
    ['changes its time', () => utimes(bench.file, new Date(), new Date(Date.now() + 5000))],
    ['links it', () => link(bench.file, join(bench.folder, 'link.db'))],
  ];
  it.each(uses)('is written further while another program %s', async (_, use) => {
    await use();
    await append(storage, id, sampleEvents(11, 1));
    await append(storage, id, sampleEvents(12, 1));
    expect((await storedSeqs(storage, id)).at(-1)).toBe(12);
    expect(notices).toEqual([]);
  });

  it('is written further after the log was written into it by itself', async () => {
    // The log of SQLite is written into the file after 4,000 pages of 4 kB.
    const text = 'x'.repeat(1_000_000);
    for (let seq = 11; seq < 51; seq += 1) {
      // oxlint-disable-next-line no-await-in-loop -- a log has one append in progress
      await append(storage, id, sampleEvents(seq, 1, text));
    }
    expect(await storedSeqs(storage, id)).toHaveLength(50);
  });

  it('is locked again after its lock was deleted', async () => {
    await rm(`${bench.file}.lock`);
    await append(storage, id, sampleEvents(11, 1));
    expect(notices).toEqual([
      `The file ${bench.file}.lock was removed while the server used it. It was created again.`,
    ]);
    await expect(bench.open({ driver })).rejects.toThrow('is in use by another server');
  });

  it('is not written while another server has it, whose lock was possible by a deletion', async () => {
    await rm(`${bench.file}.lock`);
    const other = await bench.open({ driver });
    await expect(append(storage, id, sampleEvents(11, 1))).rejects.toMatchObject({
      name: 'StorageFaultError',
      message: 'The database is in use by another server.',
    });
    await other.close();
    await append(storage, id, sampleEvents(11, 1));
    await append(storage, id, sampleEvents(12, 1));
  });

  it('rejects every call after a copy was written over it', async () => {
    const copy = join(bench.folder, 'copy.db');
    run(`vacuum into '${copy}'`);
    await copyFile(copy, bench.file);
    const fault = {
      name: 'StorageFaultError',
      message: 'The database file was overwritten while the server used it.',
    };
    await expect(append(storage, id, sampleEvents(11, 1))).rejects.toMatchObject(fault);
    await expect(storage.records.get(id)).rejects.toMatchObject(fault);
    await expect(createSession(storage)).rejects.toMatchObject(fault);
  });

  it('loses no event when its files are removed one after the other, the database last', async () => {
    for (let round = 0; round < 8; round += 1) {
      /* oxlint-disable no-await-in-loop -- one round after the other */
      const file = join(bench.folder, `${round}.db`);
      const removed = await bench.open({ driver, file });
      const session = await createSession(removed);
      let seq = 0;
      const isAppended = async () => {
        await append(removed, session, sampleEvents(seq + 1, 1));
        seq += 1;
      };
      const appending = (async () => {
        for (;;) await isAppended();
      })().catch((error: unknown) => error);
      await eventually(() => seq > 3);
      for (const suffix of ['-wal', '-shm', '']) await rm(file + suffix, { force: true });
      expect(await appending).toMatchObject({ name: 'StorageFaultError' });
      const names = await readdir(bench.folder);
      const saved = names.filter((name) => name.startsWith(`${round}.db.rescued-`));
      expect(saved).toHaveLength(1);
      const kept = await bench.open({ driver, file: join(bench.folder, saved[0] ?? '') });
      expect((await storedSeqs(kept, session)).length).toBeGreaterThanOrEqual(seq);
      /* oxlint-enable no-await-in-loop */
    }
  }, 60_000);

  it('reports a deleted log once, and has lost nothing', async () => {
    await rm(`${bench.file}-wal`);
    await append(storage, id, sampleEvents(11, 1));
    await append(storage, id, sampleEvents(12, 1));
    expect(notices).toEqual([
      `The file ${bench.file}-wal was removed while the server used it. Nothing was lost.`,
    ]);
    await storage.close();
    expect(await storedSeqs(await bench.open({ driver }), id)).toHaveLength(12);
  });
});
