import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { Pool } from 'pg';
import type { Bus } from '../../src/agent-webkit/engine/bus.js';
import { PostgresBus } from '../../src/agent-webkit/bus/postgres/postgres-bus.js';
import { PostgresStorage } from '../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { createPool } from '../../src/agent-webkit/storage/postgres/postgres-pool.js';
import { describeOwnPostgres, OwnPostgres } from '../durability/own-postgres.js';
import { eventually } from '../support/eventually.js';
import { describeNeeding } from '../support/needs.js';
import { missingPgBouncer, OwnPgBouncer } from '../support/own-pgbouncer.js';
import { type StallingProxy, startStallingProxy } from '../support/stalling-proxy.js';
import { Endings, join, openResources, reaches } from './members.js';

const TIMING = { responseMs: 300, probeMs: 50 };

describeOwnPostgres('PostgresBus over a network that fails', () => {
  let postgres: OwnPostgres;
  let admin: Pool;
  let proxy: StallingProxy;
  const endings = new Endings();
  beforeAll(async () => {
    postgres = await OwnPostgres.start();
    admin = new Pool({ connectionString: postgres.url });
    const { port } = new URL(postgres.url);
    proxy = await startStallingProxy('127.0.0.1', Number(port));
  });
  afterEach(() => endings.run());
  afterAll(async () => {
    await admin.end();
    await proxy.close();
    await postgres.remove();
  });

  const opened = async (bus: Bus) => {
    const member = await join(bus);
    endings.add(() => bus.close());
    return member;
  };
  const behindProxy = async () => {
    const url = new URL(postgres.url);
    url.port = String(proxy.port);
    url.searchParams.set('application_name', 'behind the proxy');
    const own = await createPool(url.href, {
      maxConnections: 1,
      timeoutMs: 300,
      poolMode: 'session',
    });
    return opened(new PostgresBus({ pool: own.pool }, own, TIMING));
  };
  const direct = async () => opened(await PostgresBus.connect(postgres.url));

  it('replaces a connection that is silent, also while it is idle', async () => {
    const [near, far] = [await behindProxy(), await direct()];
    await reaches(far, near);
    proxy.stall();
    await eventually(() => near.problems.length);
    await reaches(far, near);
    await reaches(near, far);
    expect(near.problems).toHaveLength(1);
    expect(far.problems).toEqual([]);
  });

  it('connects again after a network that was away for longer', async () => {
    const [near, far] = [await behindProxy(), await direct()];
    proxy.unplug();
    await eventually(() => near.problems.length);
    near.bus.send(far.address, 'lost');
    proxy.replug();
    await reaches(near, far);
    await reaches(far, near);
    expect(near.problems).toHaveLength(1);
  });

  it('connects again when the database has ended its connection', async () => {
    const [near, far] = [await behindProxy(), await direct()];
    await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'behind the proxy'",
    );
    await eventually(() => near.problems.length);
    await reaches(far, near);
    expect(near.problems[0]).toMatch(
      /^The bus has no connection to PostgreSQL at 127\.0\.0\.1:\d+, database 'postgres' \(/,
    );
  });

  it('replaces a connection that does not listen any more', async () => {
    const [near, far] = [await behindProxy(), await direct()];
    const pool = new Pool({ connectionString: postgres.url, max: 2 });
    pool.on('error', () => undefined);
    endings.add(() => pool.end());
    // As PgBouncer does when it gives the connection to another client.
    pool.on('connect', (client) => {
      client.on('notification', ({ payload }) => {
        if (payload === 'forget') void client.query('unlisten *');
      });
    });
    const own = { pool, poolMode: 'session' as const, end: () => Promise.resolve() };
    const forgetful = await opened(new PostgresBus({ pool }, own, TIMING));
    far.bus.send(forgetful.address, 'forget');
    await eventually(() => forgetful.problems.length);
    expect(forgetful.problems[0]).toContain('does not listen any more');
    await reaches(near, forgetful);
  });

  describeNeeding(missingPgBouncer)('behind PgBouncer', () => {
    it('reports that it is behind PgBouncer in the mode transaction, which delivers no notifications', async () => {
      const bouncer = await OwnPgBouncer.start(Number(new URL(postgres.url).port));
      endings.add(() => bouncer.remove());
      const behind = async () => {
        const options = { maxConnections: 1, timeoutMs: 5000, poolMode: 'session' } as const;
        const own = await createPool(bouncer.url, options);
        return opened(new PostgresBus({ pool: own.pool }, own, { responseMs: 5000, probeMs: 20 }));
      };
      const [first, second] = [await behind(), await behind()];
      await eventually(() => {
        first.bus.send(second.address, `${Math.random()}`);
        second.bus.send(first.address, `${Math.random()}`);
        return [first, second].some(({ problems }) => problems.join('').includes('PgBouncer'));
      });
    });
  });

  it('shares the pool of a host, and leaves it without its connection and its listeners', async () => {
    const pool = new Pool({ connectionString: postgres.url, max: 2 });
    endings.add(() => pool.end());
    const errors: Error[] = [];
    pool.on('error', (error) => errors.push(error));
    const bus = new PostgresStorage({ pool }).createBus();
    if (!bus) throw new Error('There is no bus.');
    const member = await join(bus);
    await reaches(member, member);
    expect(pool.totalCount - pool.idleCount).toBe(1);
    await bus.close();
    await eventually(() => pool.totalCount === 0);
    const { rows } = await admin.query("select 1 from pg_stat_activity where query like 'listen%'");
    expect([rows, errors]).toEqual([[], []]);
  });

  it('leaves nothing that keeps the process alive', async () => {
    const before = openResources();
    for (const url of [postgres.url, 'postgres://127.0.0.1:1/x']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const bus = await PostgresBus.connect(url);
      await join(bus); // oxlint-disable-line no-await-in-loop -- as above
      await bus.close(); // oxlint-disable-line no-await-in-loop -- as above
      await eventually(() => openResources() <= before); // oxlint-disable-line no-await-in-loop -- as above
    }
  });

  it('is not created by a storage with a single connection, or behind a pooler of transactions', async () => {
    const pool = new Pool({ connectionString: postgres.url, max: 1 });
    endings.add(() => pool.end());
    expect(new PostgresStorage({ pool }).createBus()).toBeNull();
    const storage = await PostgresStorage.connect(postgres.url, { poolMode: 'transaction' });
    endings.add(() => storage.close());
    expect(storage.createBus()).toBeNull();
  });

  it('rejects a URL that is invalid, without its password', async () => {
    const error = await PostgresBus.connect('postgres://u:s3cret@host:port/x').catch(String);
    expect(error).toContain('TypeError: The URL of the bus must be such as postgres://');
    expect(error).not.toContain('s3cret');
  });
});
