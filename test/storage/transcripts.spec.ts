import { InMemorySessionStore } from '@anthropic-ai/claude-agent-sdk';
import type { SessionKey, SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import { afterAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MemoryTranscripts } from '../../src/agent-webkit/storage/memory/memory-transcripts.js';
import { drivers, SqliteBench } from './sqlite-bench.js';

/** The complete store interface of the SDK, which both stores implement. */
type WholeStore = Required<SessionStore>;

type Operation =
  | { kind: 'append'; key: SessionKey; entries: SessionStoreEntry[]; isRepeated: boolean }
  | { kind: 'delete'; key: SessionKey };

const projectKeys = ['-work-a', '-work-b'];
const sessionIds = ['s1', 's2', 's3'];
const subpaths = ['subagents/agent-a', 'subagents/agent-a/b', 'x'];

const key: fc.Arbitrary<SessionKey> = fc
  .record({
    projectKey: fc.constantFrom(...projectKeys),
    sessionId: fc.constantFrom(...sessionIds),
    subpath: fc.option(fc.constantFrom(...subpaths), { nil: undefined, freq: 1 }),
  })
  .map(({ subpath, ...main }) => (subpath === undefined ? main : { ...main, subpath }));

// Any UTF-16, including lone surrogates, as in the JSON lines of Claude Code.
const text = fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) });

const entry: fc.Arbitrary<SessionStoreEntry> = fc.oneof(
  fc.record({
    type: fc.constantFrom('user', 'assistant'),
    uuid: fc.uuid(),
    timestamp: fc.constantFrom('2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'),
    cwd: fc.constantFrom('/a', '/b'),
    gitBranch: text,
    isSidechain: fc.boolean(),
    message: fc.record({ role: fc.constant('user'), content: text }),
  }),
  fc.record({ type: fc.constant('custom-title'), customTitle: text }),
  fc.record({ type: fc.constant('tag'), tag: fc.oneof(fc.constant(''), text) }),
);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      key,
      entries: fc.array(entry, { maxLength: 5 }),
      isRepeated: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
);

const bench = await SqliteBench.create();
afterAll(() => bench.close());

const stores: [string, () => Promise<WholeStore>][] = [
  ['MemoryTranscripts', () => Promise.resolve(new MemoryTranscripts())],
  ...drivers.map((driver): [string, () => Promise<WholeStore>] => [
    `SqliteTranscripts by ${driver}`,
    async () =>
      (await bench.open({ driver, file: `${bench.folder}/${driver.replace(':', '-')}.db` }))
        .transcripts,
  ]),
];

describe.each(stores)('%s', (_name, createStore) => {
  it('transcripts return the same results as the store of the SDK after any appends and deletions', async () => {
    const store = await createStore();
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 12 }), async (operations) => {
        const expected = new InMemorySessionStore();
        for (const each of operations) {
          // oxlint-disable-next-line no-await-in-loop -- each step builds on the previous one
          await apply(each, store, expected);
          // oxlint-disable-next-line no-await-in-loop -- as above
          expect(await contentOf(store)).toEqual(await contentOf(expected));
        }
        await empty(store);
      }),
      { numRuns: 60 },
    );
  });
});

/** Repeats an append in our store only: the SDK's own store would store an entry twice. */
async function apply(each: Operation, store: WholeStore, expected: WholeStore): Promise<void> {
  if (each.kind === 'delete') {
    await Promise.all([store.delete(each.key), expected.delete(each.key)]);
    return;
  }
  const known = each.isRepeated ? ((await expected.load(each.key)) ?? []) : [];
  const repeated = known.filter(({ uuid }) => uuid !== undefined);
  await store.append(each.key, [...repeated, ...each.entries]);
  await expected.append(each.key, each.entries);
}

/** The complete contents of a store, in a fixed order. */
async function contentOf(store: WholeStore): Promise<unknown> {
  const ofProjects = projectKeys.map(async (projectKey) => {
    const sessions = await store.listSessions(projectKey);
    const summaries = await store.listSessionSummaries(projectKey);
    const times = new Map(sessions.map(({ sessionId, mtime }) => [sessionId, mtime]));
    const transcripts = sessionIds.map(async (sessionId) => ({
      main: await store.load({ projectKey, sessionId }),
      subkeys: sorted(await store.listSubkeys({ projectKey, sessionId })),
      subs: await Promise.all(
        subpaths.map((subpath) => store.load({ projectKey, sessionId, subpath })),
      ),
    }));
    return {
      latestFirst: sessions.sort((a, b) => b.mtime - a.mtime).map(({ sessionId }) => sessionId),
      summaries: sorted(summaries.map(({ sessionId, data }) => JSON.stringify([sessionId, data]))),
      isOfOneClock: summaries.every(({ sessionId, mtime }) => times.get(sessionId) === mtime),
      transcripts: await Promise.all(transcripts),
    };
  });
  return JSON.parse(JSON.stringify(await Promise.all(ofProjects)));
}

function sorted(texts: readonly string[]): string[] {
  return [...texts].sort();
}

async function empty(store: WholeStore): Promise<void> {
  const keys = projectKeys.flatMap((projectKey) =>
    sessionIds.map((sessionId) => ({ projectKey, sessionId })),
  );
  await Promise.all(keys.map((main) => store.delete(main)));
}
