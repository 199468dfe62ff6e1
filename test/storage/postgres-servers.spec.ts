import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { FencedError, OwnedElsewhereError } from '../../src/agent-webkit/engine/storage.js';
import type { PostgresStorage } from '../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { describePostgres, PostgresBench } from '../support/postgres.js';
import { eventually } from '../support/eventually.js';
import { Renewals } from '../support/renewals.js';
import { Program } from '../support/program.js';
import {
  createSessions,
  sampleAppend,
  sampleEvents,
  sampleRecord,
  storedEvents,
} from './postgres-samples.js';

describePostgres('servers that share a PostgreSQL database', () => {
  let bench: PostgresBench;
  let storage: PostgresStorage;
  let other: PostgresStorage;
  let sources: CompiledSources;
  beforeAll(async () => {
    bench = new PostgresBench();
    [storage, other] = await Promise.all([bench.open(), bench.open()]);
    sources = await CompiledSources.create([
      'src/agent-webkit/bus',
      'src/agent-webkit/engine',
      'src/agent-webkit/storage',
    ]);
  });
  afterAll(async () => {
    await sources?.remove();
    await bench.close();
  });

  it('store every accepted event once and in order while they race for sessions', async () => {
    const ids = await createSessions(storage, 6);
    const accepted = new Map<string, string>();
    let isRacing = true;
    const freed = freeAgain(ids, () => isRacing);
    const races = ids.flatMap((id) => [
      contend(storage, 'one', id, accepted),
      contend(other, 'two', id, accepted),
    ]);
    const fenced = await Promise.all(races).finally(() => {
      isRacing = false;
    });
    await freed;
    expect(fenced.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(10);

    const stored = await Promise.all(ids.map((id) => storedEvents(storage, id)));
    for (const [index, events] of stored.entries()) {
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, place) => place + 1));
      for (const { seq, data } of events) {
        expect(data).toBe(accepted.get(`${ids[index]} ${seq}`));
      }
    }
    expect(stored.flat().length).toBe(accepted.size);
  });

  /** Makes sessions free, again and again, as if the leases of their servers had lapsed. */
  async function freeAgain(ids: readonly string[], isRacing: () => boolean): Promise<void> {
    while (isRacing()) {
      for (const id of ids) {
        // oxlint-disable-next-line no-await-in-loop -- as few locks as possible
        await bench.rows('update schema.session set server = null where id = $1', [id]);
      }
    }
  }

  /** Blocks all changes of the session. Returns the function that releases them. */
  async function block(id: string): Promise<() => Promise<void>> {
    const client = await bench.admin.connect();
    await client.query('begin');
    await client.query(`select 1 from "${bench.schema}".session where id = $1 for update`, [id]);
    return async () => {
      await client.query('commit');
      client.release();
    };
  }

  function untilWaiting(count: number): Promise<unknown> {
    return eventually(
      () =>
        bench.rows(
          `select 1 from pg_stat_activity where wait_event_type = 'Lock' and application_name = $1`,
          [bench.applicationName],
        ),
      (rows) => rows.length === count,
    );
  }

  it('store an append once when it reaches the database twice at the same time', async () => {
    const [id = ''] = await createSessions(storage, 1);
    const unblock = await block(id);
    const first = storage.events.append(sampleAppend(id, sampleEvents(1, 2)));
    const again = other.events.append(sampleAppend(id, sampleEvents(1, 3)));
    await untilWaiting(2);
    await unblock();
    await Promise.all([first, again]);
    expect(await storedEvents(storage, id)).toEqual(sampleEvents(1, 3));
  });

  it('reject an append that was in progress when the session was claimed', async () => {
    const [id = ''] = await createSessions(storage, 1);
    await storage.cluster.release(id, 1);
    const unblock = await block(id);
    const claimed = other.records.claim(id);
    await untilWaiting(1);
    const appended = storage.events.append(sampleAppend(id, sampleEvents(1, 2)));
    await untilWaiting(2);
    await unblock();
    await expect(appended).rejects.toThrow(FencedError);
    expect(await claimed).not.toMatchObject({ epoch: 1 });
    expect(await storedEvents(storage, id)).toEqual([]);
  });

  it('leave nothing of an append that was in progress when the session was deleted', async () => {
    const [id = ''] = await createSessions(storage, 1);
    const [row] = await bench.rows<{ key: string }>(
      'select key from schema.session where id = $1',
      [id],
    );
    const unblock = await block(id);
    const appended = storage.events.append(sampleAppend(id, sampleEvents(1, 2), { keys: ['key'] }));
    await untilWaiting(1);
    const deleted = other.records.delete(id);
    await untilWaiting(2);
    await unblock();
    await Promise.all([appended, deleted]);
    for (const table of ['event', 'accepted_key']) {
      // oxlint-disable-next-line no-await-in-loop -- there are only two
      const left = await bench.rows(`select 1 from schema.${table} where session = $1`, [row?.key]);
      expect(left).toEqual([]);
    }
  });

  it('list the unfinished sessions of another server only after it was killed', async () => {
    const records = Array.from({ length: 3 }, () => sampleRecord());
    const server = startServer(sources, records);
    await server.says(/^ready$/m);
    const heir = await bench.open({ leaseMs: 1000 });
    const renewing = new Renewals(heir.cluster);
    expect(await heir.records.unfinished(10, null)).toEqual([]);

    await server.kill();
    const ids = records.map(({ id }) => id).sort();
    await eventually(
      () => heir.records.unfinished(10, null),
      (found) => found.length === 3,
    );
    const [claimed = '', ...left] = ids;
    await heir.records.claim(claimed);
    expect(await heir.records.unfinished(10, null)).toEqual(left);
    // Its own lease lasts longer, and it has not held it for as long.
    expect(await other.records.unfinished(10, null)).toEqual([]);
    await renewing.end();
  });

  it('keep their sessions when all of their connections break', async () => {
    const [id = ''] = await createSessions(storage, 1);
    await storage.events.append(sampleAppend(id, sampleEvents(1, 1), { isUnfinished: true }));
    expect(await bench.cut()).toBeGreaterThanOrEqual(2);
    // A pool may notice only on use that one of its connections is broken.
    const claiming = () => other.records.claim(id).catch((error: unknown) => error);
    const refused = await eventually(claiming, (error) => error instanceof OwnedElsewhereError);
    expect(refused).toMatchObject({ server: storage.cluster.address });
    const second = sampleAppend(id, sampleEvents(2, 1));
    await eventually(() =>
      storage.events.append(second).then(
        () => true,
        () => false,
      ),
    );
  });

  function startServer(from: CompiledSources, records: object[]): Program {
    const argument = {
      module: from.url('src/agent-webkit/storage/postgres/postgres-storage.ts'),
      url: bench.url,
      schema: bench.schema,
      records,
    };
    const script = fileURLToPath(new URL('postgres-server.mjs', import.meta.url));
    // pg deprecates concurrent queries on one connection.
    return Program.node('--throw-deprecation', [script, JSON.stringify(argument)]);
  }
});

/** Takes over a session repeatedly, and appends a number of events or until it is fenced. Counts the fencings. */
async function contend(
  server: PostgresStorage,
  name: string,
  id: string,
  accepted: Map<string, string>,
): Promise<number> {
  let fenced = 0;
  /* oxlint-disable no-await-in-loop -- a server does one step after the other */
  for (let round = 0; round < 15; round += 1) {
    const epoch = await claim(server, id);
    let last = (await storedEvents(server, id)).at(-1)?.seq ?? 0;
    for (let turn = 0; turn < 4; turn += 1) {
      const events = sampleEvents(last + 1, 2, `${name} at ${epoch}`);
      try {
        await server.events.append(sampleAppend(id, events, { epoch }));
      } catch (error) {
        expect(error).toBeInstanceOf(FencedError);
        fenced += 1;
        break;
      }
      for (const { seq, data } of events) {
        expect(accepted.has(`${id} ${seq}`)).toBe(false);
        accepted.set(`${id} ${seq}`, data);
      }
      last += 2;
    }
  }
  /* oxlint-enable no-await-in-loop */
  return fenced;
}

/** Takes a session over as soon as it is free. Returns its epoch. */
async function claim(server: PostgresStorage, id: string): Promise<number> {
  const tryOnce = () =>
    server.records.claim(id).catch((error: unknown) => {
      expect(error).toBeInstanceOf(OwnedElsewhereError);
      return null;
    });
  return (await eventually(tryOnce, Boolean))?.epoch ?? 0;
}
