import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { FencedError } from '../../src/agent-webkit/engine/storage.js';
import type { PostgresStorage } from '../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { describePostgres, PostgresBench } from '../support/postgres.js';
import { eventually } from '../support/eventually.js';
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
    sources = await CompiledSources.create(['src/agent-webkit/engine', 'src/agent-webkit/storage']);
  });
  afterAll(async () => {
    await sources?.remove();
    await bench.close();
  });

  it('store every accepted event once and in order while they race for sessions', async () => {
    const ids = await createSessions(storage, 6);
    const accepted = new Map<string, string>();
    const fenced = await Promise.all(
      ids.flatMap((id) => [
        contend(storage, 'one', id, accepted),
        contend(other, 'two', id, accepted),
      ]),
    );
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
    expect(await other.records.unfinished(10, null)).toEqual([]);

    await server.kill();
    const ids = records.map(({ id }) => id).sort();
    await eventually(
      () => other.records.unfinished(10, null),
      (found) => found.length === 3,
    );
    expect(await storage.records.unfinished(10, null)).toEqual(ids);

    const [claimed = '', ...left] = ids;
    await other.records.claim(claimed);
    expect(await storage.records.unfinished(10, null)).toEqual(left);
    await other.records.claim(left[0] ?? '');
    await other.records.claim(left[1] ?? '');
  });

  it('do not consider a server gone after it has replaced its broken connection', async () => {
    const [id = ''] = await createSessions(storage, 1);
    await storage.events.append(sampleAppend(id, sampleEvents(1, 1), { isUnfinished: true }));
    const cut = await bench.backends();
    expect(await bench.cut()).toBeGreaterThanOrEqual(2);
    await eventually(
      () => bench.backends(),
      (pids) => !pids.some((pid) => cut.includes(pid)),
    );
    await eventually(locksHeld, (count) => count === 2);
    // A pool may notice only on use that one of its connections is broken.
    const unfinished = await eventually(
      () => other.records.unfinished(10, null).catch(() => null),
      (ids) => ids !== null,
    );
    expect(unfinished).toEqual([]);
    const second = sampleAppend(id, sampleEvents(2, 1));
    await eventually(() =>
      storage.events.append(second).then(
        () => true,
        () => false,
      ),
    );
  });

  it('list no sessions to claim while they may be considered gone themselves', async () => {
    const [id = ''] = await createSessions(storage, 1);
    await storage.events.append(sampleAppend(id, sampleEvents(1, 1), { isUnfinished: true }));
    const third = await bench.connect();
    await expect(third.records.unfinished(10, null)).rejects.toThrow('lock');
    await bench.closeStorage(storage);
    await expect(third.records.unfinished(10, null)).rejects.toThrow('lock');
    expect(await other.records.unfinished(10, null)).toEqual([id]);
    storage = await bench.open();
  });

  async function locksHeld(): Promise<number> {
    const rows = await bench.rows(
      `select 1 from pg_locks join pg_stat_activity using (pid)
       where locktype = 'advisory' and application_name = $1`,
      [bench.applicationName],
    );
    return rows.length;
  }

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
    const epoch = (await server.records.claim(id))?.epoch ?? 0;
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
