import fs from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import Libsql from 'libsql';
import type { Database } from '../../src/agent-webkit/storage/sqlite/thread/driver.js';
import { guardFiles } from '../../src/agent-webkit/storage/sqlite/thread/file-guard.js';
import { watchFiles } from '../../src/agent-webkit/storage/sqlite/thread/watch-files.js';

describe('the files of an open database', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agent-webkit-files-'));
    file = join(folder, 'sessions.db');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('count as intact when another program completes a checkpoint between two steps of a check', () => {
    const database = new Libsql(file);
    database.exec('pragma journal_mode = wal; create table event (data text)');
    const grow = () => database.exec('insert into event values (hex(zeroblob(10000)))');
    grow();
    const other = new Libsql(file);
    let steps = 0;
    let stopAt = Infinity;
    /** Runs a checkpoint after a number of calls of the file system. */
    const intercepted = new Proxy(fs, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          const value: unknown = Reflect.apply(member, target, args);
          steps += 1;
          if (steps === stopAt) other.exec('pragma wal_checkpoint(passive)');
          return value;
        };
      },
    });
    const watch = watchFiles(intercepted, file);
    for (let step = 1; step <= 8; step += 1) {
      grow();
      other.exec('pragma wal_checkpoint(passive)');
      grow();
      [steps, stopAt] = [0, step];
      expect([step, watch.check()]).toEqual([step, null]);
      expect([step, watch.check()]).toEqual([step, null]);
    }
    watch.close();
    other.close();
    database.close();
  });

  it('leave no part of a saved copy for which the disk is too small', async () => {
    const run = jest.fn((path: unknown) => {
      fs.writeFileSync(String(path), 'a part');
      throw new Error('database or disk is full');
    });
    const database = { prepare: () => ({ all: () => [{ busy: 0 }], run }) };
    const guard = guardFiles({
      fs,
      file,
      current: () => ({
        database: database as unknown as Database,
        watch: { check: () => ({ name: 'missing', isGone: true }), close: () => undefined },
        id: { dev: 0n, ino: 0n },
      }),
      reopen: () => undefined,
      hasLock: () => true,
      lockAgain: () => undefined,
      describe: () => ({ kind: 'transient', summary: '', message: '' }),
      onNotice: () => undefined,
    });
    expect(guard.check()?.message).toContain('restore a backup');
    expect(run).toHaveBeenCalled();
    expect(await readdir(folder)).toEqual([]);
  });
});
