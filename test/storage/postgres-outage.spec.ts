import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Pool } from 'pg';
import { EMPTY_LOG, FencedError } from '../../src/agent-webkit/engine/storage.js';
import { PostgresError } from '../../src/agent-webkit/storage/postgres/postgres-error.js';
import type {
  PostgresPool,
  PostgresQuery,
} from '../../src/agent-webkit/storage/postgres/postgres-pool.js';
import { PostgresStorage } from '../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { describePostgres, PostgresBench } from '../support/postgres.js';
import { eventually } from '../support/eventually.js';
import { createSessions, sampleAppend, sampleEvents, storedEvents } from './postgres-samples.js';

describePostgres('a PostgreSQL storage during an outage', () => {
  let bench: PostgresBench;
  beforeEach(() => {
    bench = new PostgresBench();
  });
  afterEach(() => bench.close());

  it('loses and duplicates nothing when all connections break repeatedly under load', async () => {
    const storage = await bench.open();
    const ids = await createSessions(storage, 20);
    const [appends, cuts] = [60, 5];
    const rejections: unknown[] = [];
    let committed = 0;
    const write = async (sessionId: string) => {
      for (let index = 0; index < appends; index += 1) {
        const events = sampleEvents(index * 3 + 1, 3, sessionId);
        const append = sampleAppend(sessionId, events, {
          keys: [`key ${index}`],
          isUnfinished: true,
          summary: { firstSeq: 1, costUsd: 0 },
        });
        // oxlint-disable-next-line no-await-in-loop -- a log has one append in progress
        await untilStored(() => storage.events.append(append), rejections);
        committed += 1;
      }
    };
    const load = Promise.all(ids.map(write));
    for (let cut = 1; cut <= cuts; cut += 1) {
      /* oxlint-disable no-await-in-loop -- one after the other */
      await eventually(
        () => committed,
        (count) => count >= (cut * ids.length * appends) / (cuts + 1),
      );
      expect(await bench.cut()).toBeGreaterThan(0);
      /* oxlint-enable no-await-in-loop */
    }
    await load;

    expect(rejections.length).toBeGreaterThan(0);
    expect(rejections.filter((error) => error instanceof FencedError)).toEqual([]);
    // An idle connection of the pool reports that it was cut when it is used.
    await eventually(() =>
      Promise.all(ids.map((id) => storedEvents(storage, id))).then(
        () => true,
        () => false,
      ),
    );
    for (const id of ids) {
      /* oxlint-disable no-await-in-loop -- one session after the other */
      expect(await storedEvents(storage, id)).toEqual(sampleEvents(1, appends * 3, id));
      expect(await storage.events.hasKey(id, `key ${appends - 1}`)).toBe(true);
      /* oxlint-enable no-await-in-loop */
    }
    const other = await bench.open();
    await eventually(
      () => other.records.unfinished(100, null),
      (found) => found.length === 0,
    );
  });

  it('accepts the retry of an append whose response was lost', async () => {
    const lossy = new LossyPool(bench.url);
    const storage = new PostgresStorage({ pool: lossy, schema: bench.schema });
    await storage.open();
    const [id = ''] = await createSessions(storage, 1);
    const append = sampleAppend(id, sampleEvents(1, 3), { keys: ['key'] });
    lossy.isLosing = true;
    await expect(storage.events.append(append)).rejects.toThrow('The answer was lost.');
    expect(await bench.rows('select 1 from schema.event')).toHaveLength(3);

    lossy.isLosing = false;
    await storage.events.append(append);
    await storage.events.append(sampleAppend(id, sampleEvents(3, 2)));
    expect(await storedEvents(storage, id)).toEqual(sampleEvents(1, 4));

    const record = await storage.records.get(id);
    if (!record) throw new Error('The session is gone.');
    const again = { ...record, id: crypto.randomUUID(), log: EMPTY_LOG };
    lossy.isLosing = true;
    await expect(storage.records.create(again, null)).rejects.toThrow('The answer was lost.');
    lossy.isLosing = false;
    expect(await storage.records.create(again, null)).toMatchObject(again);
    await storage.close();
    await lossy.end();
  });

  it('rejects an append that times out, and accepts its retry', async () => {
    const storage = await bench.open({ queryTimeoutMs: 300 });
    const [id = ''] = await createSessions(storage, 1);
    const append = sampleAppend(id, sampleEvents(1, 2));
    const blocker = await bench.admin.connect();
    await blocker.query('begin');
    await blocker.query(`lock table "${bench.schema}".event`);
    const appending = storage.events.append(append);
    await expect(appending).rejects.toThrow(PostgresError);
    await expect(appending).rejects.toThrow('PostgreSQL did not respond within 300 ms.');

    await blocker.query('rollback');
    blocker.release();
    await untilStored(() => storage.events.append(append), []);
    expect(await storedEvents(storage, id)).toEqual(sampleEvents(1, 2));
  });

  it('rejects calls while the database accepts no connections, and works afterwards', async () => {
    const storage = await bench.open();
    const [id = ''] = await createSessions(storage, 1);
    const append = sampleAppend(id, sampleEvents(1, 2));
    const limit = (count: number) =>
      bench.admin.query(`alter role "${bench.schema}" connection limit ${count}`);
    await bench.admin.query(`create role "${bench.schema}" login`);
    const url = new URL(bench.url);
    url.username = encodeURIComponent(bench.schema);
    try {
      const limited = await PostgresStorage.connect(url.href, {
        schema: bench.schema,
        openTimeoutMs: 1,
      });
      await bench.admin.query(`grant all on schema "${bench.schema}" to "${bench.schema}"`);
      await bench.admin.query(
        `grant all on all tables in schema "${bench.schema}" to "${bench.schema}"`,
      );
      await limit(0);
      await expect(limited.events.append(append)).rejects.toMatchObject({ code: '53300' });
      await expect(limited.open()).rejects.toMatchObject({
        name: 'PostgresError',
        cause: { code: '53300' },
      });
      await limit(10);
      await limited.open();
      await limited.events.append(append);
      await limited.close();
    } finally {
      await bench.admin.query(`drop owned by "${bench.schema}"; drop role "${bench.schema}"`);
    }
    expect(await storedEvents(storage, id)).toEqual(sampleEvents(1, 2));
  });

  it('stores the other appends of a group when the database rejects one of them', async () => {
    const storage = await bench.open();
    const ids = await createSessions(storage, 5);
    const tooLarge = 2 ** 31;
    const outcomes = await Promise.allSettled(
      ids.map((id, index) =>
        storage.events.append(sampleAppend(id, sampleEvents(index === 2 ? tooLarge : 1, 1))),
      ),
    );
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(outcomes[2]).not.toMatchObject({ reason: expect.any(FencedError) });
    expect(await bench.rows('select 1 from schema.event')).toHaveLength(4);
  });

  it('finishes the appends in progress before it closes', async () => {
    const storage = await bench.open();
    const ids = await createSessions(storage, 3);
    const appends = ids.map((id) => storage.events.append(sampleAppend(id, sampleEvents(1, 2000))));
    await bench.closeStorage(storage);
    await Promise.all(appends);
    expect(await bench.rows('select 1 from schema.event')).toHaveLength(6000);
  });

  it('stores more events than fit one statement', async () => {
    const storage = await bench.open();
    const ids = await createSessions(storage, 9);
    const sets = ids.map((id) => sampleEvents(1, 1500, id.repeat(40)));
    await Promise.all(
      ids.map((id, index) => storage.events.append(sampleAppend(id, sets[index] ?? []))),
    );
    for (const [index, id] of ids.entries()) {
      // oxlint-disable-next-line no-await-in-loop -- one session after the other
      expect(await storedEvents(storage, id)).toEqual(sets[index]);
    }
  });
});

/** Retries until the call resolves, like the engine, but without its delays. */
async function untilStored(
  append: () => void | Promise<void>,
  rejections: unknown[],
): Promise<void> {
  await eventually(async () => {
    try {
      await append();
      return true;
    } catch (error) {
      rejections.push(error);
      return false;
    }
  });
}

/** A pool whose connections may break after the database has executed a query. */
class LossyPool implements PostgresPool {
  isLosing = false;
  readonly #pool: Pool;

  constructor(connectionString: string) {
    this.#pool = new Pool({ connectionString });
  }

  connect(callback: Parameters<PostgresPool['connect']>[0]): void {
    this.#pool.connect((error, client) => {
      if (!client) return callback(error);
      callback(undefined, {
        query: async (query: PostgresQuery) => {
          const answer = await client.query(query);
          // The last response of a call: statements before it are part of its transaction.
          if (this.isLosing && query.text === 'commit') throw new Error('The answer was lost.');
          return answer;
        },
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (destroy) => client.release(destroy),
      });
    });
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}
