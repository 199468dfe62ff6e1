import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { SessionKey, SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import { FencedError } from '../../engine/storage.js';
import {
  assertSame,
  type CaseBody,
  type Cases,
  claim,
  createSession,
  HARD_TEXT,
} from './fixtures.js';

const PROJECT = '-work-project';

/** Guarantees about the transcripts of agents, for a provider that stores them. */
export const transcriptCases: Cases = [
  [
    'a transcript is loaded unchanged, also after a restart',
    async ({ provider: { transcripts }, reopen }) => {
      if (!transcripts) return;
      const key = sampleKey();
      const entries = [userEntry('one'), { type: 'mode', mode: 'plan' }, userEntry('two')];
      await transcripts.append(key, entries.slice(0, 2));
      await transcripts.append(key, entries.slice(2));
      assertSame(await transcripts.load(key), entries);
      if (reopen) assertSame(await (await reopen()).transcripts?.load(key), entries);
    },
  ],
  [
    'a transcript that was never written is loaded as null',
    withTranscripts(async (transcripts) => {
      const key = sampleKey();
      assert.equal(await transcripts.load(key), null);
      await transcripts.append(key, [userEntry('hi')]);
      assert.equal(await transcripts.load({ ...key, subpath: 'subagents/a' }), null);
      assert.equal(await transcripts.load({ ...key, projectKey: 'other' }), null);
    }),
  ],
  [
    'an entry with a uuid is stored once, and one without a uuid every time',
    withTranscripts(async (transcripts) => {
      const [key, entry, title] = [sampleKey(), userEntry('hi'), { type: 'title', title: 'A' }];
      await transcripts.append(key, [entry, title, entry]);
      await transcripts.append(key, [title, entry]);
      assertSame(await transcripts.load(key), [entry, title, title]);
      const sub = { ...key, subpath: 'subagents/a' };
      await transcripts.append(sub, [entry]);
      assertSame(await transcripts.load(sub), [entry]);
    }),
  ],
  [
    'entries with NUL and lone surrogates are returned unchanged',
    withTranscripts(async (transcripts) => {
      const key = sampleKey();
      const entries = [{ ...userEntry(HARD_TEXT), [HARD_TEXT]: [HARD_TEXT, 1e21, -1.5, null] }];
      await transcripts.append(key, entries);
      assertSame(await transcripts.load(key), entries);
    }),
  ],
  [
    'changes to passed or returned entries do not affect the stored ones',
    withTranscripts(async (transcripts) => {
      const [key, entry] = [sampleKey(), userEntry('hi')];
      const given = structuredClone(entry);
      await transcripts.append(key, [given]);
      given['timestamp'] = 'spoilt';
      const [loaded] = (await transcripts.load(key)) ?? [];
      assert.ok(loaded);
      loaded['timestamp'] = 'spoilt';
      assertSame(await transcripts.load(key), [entry]);
    }),
  ],
  [
    'entries of a server whose session was taken over, or deleted, are rejected',
    async ({ provider }) => {
      const { records, transcripts } = provider;
      if (!transcripts) return;
      const sessionId = await createSession(provider);
      const key = { projectKey: PROJECT, sessionId };
      const [first, second] = [userEntry('first'), userEntry('second')];
      await transcripts.append(key, [first], 1);
      const epoch = await claim(provider, sessionId);
      await assert.rejects(transcripts.append(key, [userEntry('late')], 1), FencedError);
      await assert.rejects(
        transcripts.append({ ...key, subpath: 'a' }, [userEntry('late')], 1),
        FencedError,
      );
      await transcripts.append(key, [second], epoch);
      assertSame(await transcripts.load(key), [first, second]);
      assert.equal(await transcripts.load({ ...key, subpath: 'a' }), null);
      await records.delete(sessionId);
      await assert.rejects(transcripts.append(key, [userEntry('late')], epoch), FencedError);
      assert.equal(await transcripts.load(key), null);
    },
  ],
  [
    'the subpaths of a session are listed, without those of other sessions and projects',
    withTranscripts(async (transcripts) => {
      const [key, other] = [sampleKey(), sampleKey()];
      const paths = ['subagents/agent-a', 'subagents/agent-b', 'x'];
      await transcripts.append(key, [userEntry('main')]);
      await Promise.all(
        paths.map((subpath) => transcripts.append({ ...key, subpath }, [userEntry(subpath)])),
      );
      await transcripts.append({ ...other, subpath: 'other' }, [userEntry('other')]);
      await transcripts.append({ ...key, projectKey: 'p2', subpath: 'p2' }, [userEntry('p2')]);
      assertSame((await transcripts.listSubkeys?.(key))?.sort() ?? paths, paths);
      assertSame((await transcripts.listSubkeys?.(sampleKey())) ?? [], []);
    }),
  ],
  [
    'the sessions of a project are listed with the times of their last appends',
    withTranscripts(async (transcripts) => {
      if (!transcripts.listSessions) return;
      const [a, b, onlySub] = [sampleKey(), sampleKey(), { ...sampleKey(), subpath: 's' }];
      for (const key of [a, b, onlySub, { ...sampleKey(), projectKey: 'p2' }, a]) {
        // oxlint-disable-next-line no-await-in-loop -- the times must rise in this order
        await transcripts.append(key, [userEntry('hi')]);
      }
      const listed = await transcripts.listSessions(PROJECT);
      const ids = listed.map(({ sessionId }) => sessionId);
      assertSame(ids.sort(), [a.sessionId, b.sessionId].sort());
      const time = (key: SessionKey) =>
        listed.find(({ sessionId }) => sessionId === key.sessionId)?.mtime ?? 0;
      assert.ok(listed.every(({ mtime }) => Number.isInteger(mtime) && mtime > 0));
      assert.ok(time(a) >= time(b));
    }),
  ],
  [
    'summaries are those that the SDK folds from the main transcripts',
    withTranscripts(async (transcripts) => {
      if (!transcripts.listSessionSummaries) return;
      const [a, b] = [sampleKey(), sampleKey()];
      const batches = [
        [userEntry('first'), { type: 'custom-title', customTitle: HARD_TEXT }],
        [userEntry('second', { gitBranch: 'main' }), { type: 'tag', tag: 'x' }],
        [{ type: 'custom-title', customTitle: 'later' }],
      ];
      for (const batch of batches) {
        // oxlint-disable-next-line no-await-in-loop -- the last title wins
        await transcripts.append(a, batch);
      }
      await transcripts.append({ ...a, subpath: 's' }, [{ type: 'tag', tag: 'not this one' }]);
      await transcripts.append(b, [userEntry('b')]);
      await transcripts.append({ ...sampleKey(), subpath: 's' }, [userEntry('only sub')]);
      const listed = await transcripts.listSessionSummaries(PROJECT);
      const summary = listed.find(({ sessionId }) => sessionId === a.sessionId);
      assertSame(summary?.data, await foldedData(a, batches.flat()));
      assert.equal(listed.length, 2);
      assertSame(await transcripts.listSessionSummaries('p2'), []);
      const sessions = (await transcripts.listSessions?.(PROJECT)) ?? [];
      for (const { sessionId, mtime } of sessions) {
        const ofSession = listed.find((entry) => entry.sessionId === sessionId);
        assert.equal(ofSession?.mtime, mtime);
      }
    }),
  ],
  [
    'a repeated append does not change the summary',
    withTranscripts(async (transcripts) => {
      if (!transcripts.listSessionSummaries) return;
      const key = sampleKey();
      const old = userEntry('old', { gitBranch: 'old' });
      await transcripts.append(key, [old]);
      await transcripts.append(key, [userEntry('new', { gitBranch: 'new' })]);
      await transcripts.append(key, [old]);
      const [summary] = await transcripts.listSessionSummaries(PROJECT);
      assert.equal(summary?.data['gitBranch'], 'new');
    }),
  ],
  [
    'concurrent appends to one session lose no entry and no part of the summary',
    withTranscripts(async (transcripts) => {
      const key = sampleKey();
      const batches = Array.from({ length: 20 }, (_, batch) =>
        Array.from({ length: 5 }, (__, index) =>
          userEntry(`${batch}.${index}`, { gitBranch: `branch ${batch}` }),
        ),
      );
      await Promise.all(batches.map((batch) => transcripts.append(key, batch)));
      const loaded = (await transcripts.load(key)) ?? [];
      assertSame(loaded, batches.flat());
      const [summary] = (await transcripts.listSessionSummaries?.(PROJECT)) ?? [];
      if (summary) assertSame(summary.data, await foldedData(key, loaded));
    }),
  ],
  [
    'the deletion of a subpath removes only that, and the deletion of a session removes everything',
    withTranscripts(async (transcripts) => {
      if (!transcripts.delete) return;
      const [key, other] = [sampleKey(), sampleKey()];
      const [sub, sub2] = ['a', 'a/b'].map((subpath) => ({ ...key, subpath })) as [
        SessionKey,
        SessionKey,
      ];
      await Promise.all(
        [key, sub, sub2, other].map((to) => transcripts.append(to, [userEntry('hi')])),
      );
      await transcripts.delete(sub);
      assert.equal(await transcripts.load(sub), null);
      assert.equal((await transcripts.load(sub2))?.length, 1);
      assert.equal((await transcripts.load(key))?.length, 1);
      assert.equal((await transcripts.listSessionSummaries?.(PROJECT))?.length ?? 2, 2);
      const elsewhere = { ...key, projectKey: 'p2' };
      await transcripts.append(elsewhere, [userEntry('hi')]);
      await transcripts.delete(key);
      assert.equal((await transcripts.load(elsewhere))?.length, 1);
      assert.equal(await transcripts.load(key), null);
      assert.equal(await transcripts.load(sub2), null);
      assertSame((await transcripts.listSubkeys?.(key)) ?? [], []);
      const remaining = [await transcripts.listSessions?.(PROJECT)].flat();
      remaining.push(...((await transcripts.listSessionSummaries?.(PROJECT)) ?? []));
      assert.ok(remaining.every((entry) => entry?.sessionId !== key.sessionId));
      assert.equal((await transcripts.load(other))?.length, 1);
      await transcripts.append(key, [userEntry('again')]);
      assert.equal((await transcripts.load(key))?.length, 1);
    }),
  ],
];

function withTranscripts(body: (transcripts: SessionStore) => Promise<void>): CaseBody {
  return async ({ provider: { transcripts } }) => {
    if (transcripts) await body(transcripts);
  };
}

/** The SDK is loaded only here, so that a host without it can test a storage without transcripts. */
async function foldedData(key: SessionKey, entries: SessionStoreEntry[]): Promise<unknown> {
  const { foldSessionSummary } = await import('@anthropic-ai/claude-agent-sdk');
  return foldSessionSummary(undefined, key, entries).data;
}

function sampleKey(): SessionKey {
  return { projectKey: PROJECT, sessionId: randomUUID() };
}

function userEntry(text: string, values: Record<string, unknown> = {}): SessionStoreEntry {
  return {
    type: 'user',
    uuid: randomUUID(),
    timestamp: '2026-01-01T00:00:00.000Z',
    cwd: '/work/project',
    message: { role: 'user', content: text },
    ...values,
  };
}
