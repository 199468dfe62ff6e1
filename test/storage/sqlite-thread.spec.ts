import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import type { Worker } from 'node:worker_threads';
import { StorageFaultError } from '../../src/agent-webkit/engine/storage.js';
import {
  createSqliteWorker,
  SqliteThread,
} from '../../src/agent-webkit/storage/sqlite/sqlite-thread.js';
import type { ThreadOptions, Unit } from '../../src/agent-webkit/storage/sqlite/thread-protocol.js';
import { eventually } from '../support/eventually.js';
import { SqliteBench } from './sqlite-bench.js';

/** A thread that receives every request and executes none. */
class StuckWorker extends EventEmitter {
  readonly requests: unknown[] = [];
  postMessage(request: unknown): void {
    this.requests.push(request);
  }
  ref(): void {}
  unref(): void {}
}

const add: Unit[] = [[{ kind: 'write', sql: 'insert into numbers values (1)', params: [] }]];

describe('the thread of a SQLite storage', () => {
  let bench: SqliteBench;
  let workers: Worker[];
  let thread: SqliteThread;
  beforeEach(async () => {
    bench = await SqliteBench.create();
    workers = [];
    const options = { driver: undefined, versionTable: 'schema', file: bench.file };
    const migrations = [{ isBreaking: true, sql: 'create table numbers (value integer)' }];
    thread = new SqliteThread({ ...options, migrations }, (given: ThreadOptions) => {
      const worker = createSqliteWorker(given);
      workers.push(worker);
      return worker;
    });
  });
  afterEach(async () => {
    await thread.close();
    await bench.close();
  });

  const numbers = () => thread.read('select count(*) as amount from numbers');
  const numbersOrError = () => numbers().catch((error: unknown) => error);

  it('is started by the first request and ended by the close', async () => {
    expect(workers).toHaveLength(0);
    await thread.write(add);
    await numbers();
    expect(workers).toHaveLength(1);
    expect(workers[0]?.threadId).toBeGreaterThan(0);
    await thread.close();
    // Node.js reports this id for a thread that has ended.
    expect(workers[0]?.threadId).toBe(-1);
  });

  it('is replaced when it dies, without loss of acknowledged data', async () => {
    await thread.write(add);
    // The thread is idle, so it may be terminated.
    await workers[0]?.terminate();
    await eventually(numbersOrError, (rows) => Array.isArray(rows));
    expect(await numbers()).toEqual([{ amount: 1 }]);
    expect(workers).toHaveLength(2);
  });

  it('creates no new database when it is replaced after the file was removed', async () => {
    await thread.write(add);
    await workers[0]?.terminate();
    await rm(bench.file);
    const failure = await eventually(numbersOrError, (found) => found instanceof StorageFaultError);
    expect(failure).toMatchObject({ cause: { message: expect.stringContaining('it is missing') } });
    expect(existsSync(bench.file)).toBe(false);
  });

  it('rejects its pending requests when it dies', async () => {
    const stuck = new StuckWorker();
    const dying = new SqliteThread(
      { file: bench.file, driver: undefined, versionTable: 'schema', migrations: [] },
      () => stuck as unknown as Worker,
    );
    const settled = Promise.allSettled([dying.read('select 1'), dying.write(add)]);
    expect(stuck.requests).toHaveLength(2);
    stuck.emit('exit', 1);
    const error = expect.objectContaining({ name: 'SqliteStorageError' });
    expect(await settled).toEqual([
      { status: 'rejected', reason: error },
      { status: 'rejected', reason: error },
    ]);
  });

  it('is not restarted in a loop when it cannot start', async () => {
    await mkdir(bench.file);
    const first = await numbersOrError();
    expect(first).toMatchObject({
      name: 'StorageFaultError',
      message: 'The database cannot be opened.',
      cause: { name: 'SqliteStorageError', message: expect.stringContaining(bench.file) },
    });
    const again = await Promise.all(Array.from({ length: 100 }, numbersOrError));
    expect(new Set(again)).toEqual(new Set([first]));
    expect(workers).toHaveLength(1);
  });
});
