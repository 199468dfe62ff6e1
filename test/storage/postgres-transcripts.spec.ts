import { randomBytes, randomUUID } from 'node:crypto';
import {
  InMemorySessionStore,
  type SessionKey,
  type SessionStore,
  type SessionStoreEntry,
} from '@anthropic-ai/claude-agent-sdk';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { PostgresStorage } from '../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { describePostgres, PostgresBench } from '../support/postgres.js';

interface Operation {
  kind: 'append' | 'load' | 'listSubkeys' | 'list' | 'delete';
  key: SessionKey;
  entries?: SessionStoreEntry[];
}

/** Text of any code units, including NUL and lone surrogates. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\0', '\ud83d', '\ude00', '"', '\\', "'", '{', '\u2028'),
    fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
  ),
  maxLength: 8,
});
const names = (...some: string[]) => fc.constantFrom(...some);
/** Mostly the first ones, so that operations collide. */
const mostly = <T>(usual: T[], others: T[]) =>
  fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
// The SDK's own store joins names with slashes, so the names of projects and sessions contain none.
const anyKey: fc.Arbitrary<SessionKey> = fc
  .record({
    projectKey: mostly(['p'], ['p2', 'p\0', '"p"', '\ud800', 'P']),
    sessionId: mostly(['s', 's2'], ['\udc00s', '%', '']),
    subpath: mostly([undefined, 'a', 'a/b'], ['subagents/agent-1', '\0', '"']),
  })
  .map(({ subpath, ...rest }) => (subpath === undefined ? rest : { ...rest, subpath }));
const anyEntry: fc.Arbitrary<SessionStoreEntry> = fc
  .record(
    {
      type: names('user', 'assistant', 'custom-title', 'tag', 'summary', 'mode', 'relocated'),
      uuid: names(...Array.from({ length: 8 }, (_, index) => `uuid ${index}`), 'uuid \0'),
      timestamp: names('2026-01-01T00:00:00.000Z', '2026-02-02T02:02:02.222Z', 'never'),
      isSidechain: fc.boolean(),
      cwd: anyText,
      gitBranch: anyText,
      customTitle: anyText,
      aiTitle: anyText,
      tag: anyText,
      relocatedCwd: anyText,
      message: fc.record({ role: names('user', 'assistant'), content: anyText }),
      data: fc.jsonValue(),
    },
    { requiredKeys: ['type'] },
  )
  // The SDK passes only values that JSON can represent.
  .map((value) => JSON.parse(JSON.stringify(value)) as SessionStoreEntry);
const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      key: anyKey,
      entries: fc.array(anyEntry, { maxLength: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('load' as const, 'listSubkeys' as const, 'list' as const),
      key: anyKey,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), key: anyKey }) },
);

/** The SDK's store, to which existing entries are not passed again. */
class Reference {
  readonly #store = new InMemorySessionStore();

  async append(to: SessionKey, entries: SessionStoreEntry[]): Promise<void> {
    const known = new Set(this.#store.getEntries(to).map(({ uuid }) => uuid));
    const added = entries.filter(({ uuid }) => {
      if (uuid === undefined) return true;
      return !known.has(uuid) && known.add(uuid);
    });
    await this.#store.append(to, structuredClone(added));
  }

  run(asked: Operation): Promise<unknown> {
    const { kind, key: to, entries = [] } = asked;
    return kind === 'append' ? this.append(to, entries) : ask(this.#store, asked);
  }
}

type CompleteStore = Required<SessionStore>;

async function ask(store: CompleteStore, { kind, key, entries = [] }: Operation): Promise<unknown> {
  if (kind === 'append') return store.append(key, entries);
  if (kind === 'load') return store.load(key);
  if (kind === 'listSubkeys') return store.listSubkeys(key);
  if (kind === 'delete') return store.delete(key);
  return listing(store, key.projectKey);
}

/** Sessions and summaries in a fixed order, without their times, which come from different clocks. */
async function listing(store: CompleteStore, projectKey: string): Promise<unknown> {
  const sessions = await store.listSessions(projectKey);
  const summaries = await store.listSessionSummaries(projectKey);
  for (const { sessionId, mtime } of summaries) {
    expect(sessions).toContainEqual({ sessionId, mtime });
  }
  return [
    sessions.map(({ sessionId }) => sessionId).sort(),
    summaries.map(({ sessionId, data }) => JSON.stringify([sessionId, data])).sort(),
  ];
}

describePostgres('transcripts in PostgreSQL', () => {
  let bench: PostgresBench;
  let storage: PostgresStorage;
  let other: PostgresStorage;
  beforeAll(async () => {
    bench = new PostgresBench();
    [storage, other] = await Promise.all([bench.open(), bench.open()]);
  });
  afterAll(() => bench.close());

  it('return the same results as the store of the SDK', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyOperation, { minLength: 1, maxLength: 25 }),
        async (operations) => {
          // Each run has its own project, so that it does not see the data of another one.
          const run = randomUUID();
          const reference = new Reference();
          for (const asked of operations) {
            const projectKey = `${asked.key.projectKey} ${run}`;
            const own = { ...asked, key: { ...asked.key, projectKey } };
            /* oxlint-disable no-await-in-loop -- each step depends on the earlier ones */
            const expected = await reference.run(own);
            expect(await ask(storage.transcripts, own)).toEqual(expected);
            /* oxlint-enable no-await-in-loop */
          }
        },
      ),
      { numRuns: 80 },
    );
  });

  it('lose no entry when two servers append to one session concurrently', async () => {
    const to = { projectKey: 'shared', sessionId: randomUUID() };
    const batches = Array.from({ length: 24 }, (_, batch) =>
      Array.from({ length: 4 }, (__, index) => ({
        type: 'user',
        uuid: `${batch} ${index}`,
        gitBranch: `branch ${batch}`,
      })),
    );
    await Promise.all(
      batches.map((batch, index) => (index % 2 ? storage : other).transcripts.append(to, batch)),
    );
    const loaded = (await storage.transcripts.load(to)) ?? [];
    const uuids = batches.flat().map(({ uuid }) => uuid);
    expect(loaded).toHaveLength(uuids.length);
    expect(new Set(loaded.map(({ uuid }) => uuid))).toEqual(new Set(uuids));
    const ofOne = loaded.filter(({ uuid }) => Number(uuid?.split(' ')[0]) % 2 === 1);
    expect(ofOne).toEqual(batches.filter((_, index) => index % 2).flat());
    const [summary] = await storage.transcripts.listSessionSummaries('shared');
    expect(summary?.data['gitBranch']).toBe(loaded.at(-1)?.['gitBranch']);
  });

  it('have a later time after each append, even when the clock goes backwards', async () => {
    const to = { projectKey: 'clock', sessionId: randomUUID() };
    await storage.transcripts.append(to, [{ type: 'mode' }]);
    const future = Date.now() + 3_600_000;
    await bench.rows('update schema.transcript set mtime = $1 where session_id = $2', [
      future,
      to.sessionId,
    ]);
    await storage.transcripts.append(to, [{ type: 'mode' }]);
    expect(await storage.transcripts.listSessions('clock')).toEqual([
      { sessionId: to.sessionId, mtime: future + 1 },
    ]);
  });

  it('accept further entries after the database rejected one', async () => {
    const to = { projectKey: 'refused', sessionId: randomUUID() };
    const refused = { type: 'user', uuid: randomBytes(6000).toString('hex') };
    const entries = [{ type: 'user', uuid: 'short' }];
    const few = await bench.open({ maxConnections: 2 });
    await expect(few.transcripts.append(to, [...entries, refused])).rejects.toMatchObject({
      name: 'UnstorableError',
      cause: { code: '54000' },
    });
    expect(await few.transcripts.load(to)).toBeNull();
    await few.transcripts.append(to, entries);
    expect(await few.transcripts.load(to)).toEqual(entries);
  });
});
