import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Pool } from 'pg';
import { Database } from '../../src/agent-webkit/storage/postgres/database.js';
import { ServerLock } from '../../src/agent-webkit/storage/postgres/server-lock.js';
import { describePostgres, PostgresBench } from '../support/postgres.js';
import { startStallingProxy, type StallingProxy } from '../support/stalling-proxy.js';
import { eventually } from '../support/eventually.js';

describePostgres('the server lock in PostgreSQL', () => {
  let bench: PostgresBench;
  let proxy: StallingProxy;
  let pool: Pool;
  let lock: ServerLock;
  let poolErrors: Error[];
  beforeEach(async () => {
    bench = new PostgresBench();
    const url = new URL(bench.url);
    proxy = await startStallingProxy(url.hostname, Number(url.port || 5432));
    url.host = `127.0.0.1:${proxy.port}`;
    pool = new Pool({ connectionString: url.href });
    poolErrors = [];
    pool.on('error', (error) => poolErrors.push(error));
    lock = new ServerLock(new Database(pool, 250), 50);
    await lock.open();
  });
  afterEach(async () => {
    await lock.close();
    await pool.end();
    await bench.cut();
    await proxy.close();
    await bench.close();
  });

  /** Returns the ids of the processes that hold the lock. */
  async function holders(of = lock): Promise<number[]> {
    const rows = await bench.rows<{ pid: number }>(
      `select pid from pg_locks where locktype = 'advisory' and objsubid = 1
       and (classid::bigint << 32) | objid::bigint = $1`,
      [of.number],
    );
    return rows.map(({ pid }) => pid);
  }

  const isHeld = (expected: boolean) =>
    eventually(
      () => lock.isHeld,
      (held) => held === expected,
    );

  it('is taken again with the same number when its connection was ended, without an error in the pool', async () => {
    const [first] = await holders();
    await bench.cut();
    await isHeld(false);
    await isHeld(true);

    const [second] = await holders();
    expect(second).not.toBe(first);
    expect(poolErrors).toEqual([]);
  });

  it('is lost when its connection does not respond, and taken again when the database has ended that connection', async () => {
    const [first] = await holders();
    proxy.stall();
    await isHeld(false);

    // For the database, the first connection still exists.
    await eventually(
      () => bench.backends(),
      (pids) => pids.some((pid) => pid !== first),
    );
    expect(lock.isHeld).toBe(false);
    expect(await holders()).toEqual([first]);
    await bench.rows('select pg_terminate_backend($1)', [first]);
    await isHeld(true);
    expect(await holders()).toHaveLength(1);
  });

  it('is held while its connection responds', async () => {
    const [first] = await holders();
    const probed = 'select state_change from pg_stat_activity where pid = $1';
    const [before] = await bench.rows<{ state_change: Date }>(probed, [first]);
    await eventually(
      () => bench.rows<{ state_change: Date }>(probed, [first]),
      ([row]) => Number(row?.state_change) > Number(before?.state_change) + 100,
    );
    expect(await holders()).toEqual([first]);
  });

  it('is visible to no server after a close, and is not taken again', async () => {
    await lock.close();
    expect(await holders()).toEqual([]);
    expect(lock.isHeld).toBe(false);
    await expect(lock.open()).rejects.toThrow('The storage is closed.');
  });

  it('is released before its connection, whose end the database notices late', async () => {
    const ends: (() => void)[] = [];
    const another = new ServerLock(
      new Database(
        {
          connect: (callback) => {
            pool.connect((error, client) => {
              if (!client) return callback(error);
              callback(undefined, {
                query: (query) => client.query(query),
                on: (event, listener) => client.on(event, listener),
                removeListener: (event, listener) => client.removeListener(event, listener),
                release: (destroy) => ends.push(() => client.release(destroy)),
              });
            });
          },
        },
        250,
      ),
    );
    await another.open();
    expect(await holders(another)).toHaveLength(1);
    await another.close();
    expect(await holders(another)).toEqual([]);
    for (const end of ends) end();
  });

  it('is not held after a close during the attempt to take it', async () => {
    const another = new ServerLock(new Database(pool, 250));
    const opening = another.open();
    await another.close();
    await opening;
    expect(another.isHeld).toBe(false);
    expect(pool.totalCount - pool.idleCount).toBe(1);
  });
});
