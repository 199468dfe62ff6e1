import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { StorageProvider } from '../../engine/storage.js';
import {
  append,
  assertSame,
  type Cases,
  claim,
  createSession,
  idsOf,
  sampleEvents,
  sampleRecord,
  storedSeqs,
} from './fixtures.js';

/** Guarantees after the end of a session or of its server. */
export const endingCases: Cases = [
  [
    'sessions without activity since a time are found, up to the limit',
    async ({ provider: { records } }) => {
      const old = [1, 2, 3].map((ms) => sampleRecord({ lastActivityAt: new Date(ms) }));
      const recent = sampleRecord({ lastActivityAt: new Date(1000) });
      await Promise.all([...old, recent].map((record) => records.create(record, null)));
      const found = await records.unusedSince(new Date(1000), 10);
      assertSame(found.sort(), idsOf(old));
      assert.equal((await records.unusedSince(new Date(1000), 2)).length, 2);
      assertSame(await records.unusedSince(new Date(1), 10), []);
    },
  ],
  [
    'a deletion removes all data of its session and nothing of others',
    async ({ provider, reopen }) => {
      const [id, other] = [await createSession(provider), await createSession(provider)];
      const key = { projectKey: 'project', sessionId: id };
      const fill = async (sessionId: string) => {
        await append(provider, sessionId, sampleEvents(1, 5), {
          keys: ['key'],
          isUnfinished: true,
        });
        const entry = { type: 'user', uuid: randomUUID() };
        await provider.transcripts?.append({ ...key, sessionId }, [entry]);
        await provider.transcripts?.append({ ...key, sessionId, subpath: 'a/b' }, [entry]);
      };
      await Promise.all([fill(id), fill(other)]);
      await provider.records.delete(id);
      await provider.records.delete(id);
      await provider.records.delete(randomUUID());
      const after: StorageProvider = reopen ? await reopen() : provider;
      assert.equal(await after.records.get(id), null);
      assert.equal(await after.records.claim(id), null);
      assert.equal(await after.records.count('alice'), 1);
      assertSame(await after.events.read(id, 0, 10), []);
      assert.equal(await after.events.hasKey(id, 'key'), false);
      assert.equal((await storedSeqs(after, other)).length, 5);
      assert.equal(await after.events.hasKey(other, 'key'), true);
      assertSame(await after.records.unfinished(10, null), reopen ? [other] : []);
      if (!after.transcripts) return;
      assert.equal(await after.transcripts.load(key), null);
      assert.equal(await after.transcripts.load({ ...key, subpath: 'a/b' }), null);
      assert.equal((await after.transcripts.load({ ...key, sessionId: other }))?.length, 1);
    },
  ],
  [
    'unfinished sessions of a server that is gone are listed by id until they are claimed',
    async ({ provider, reopen }) => {
      const ids = await Promise.all(Array.from({ length: 6 }, () => createSession(provider)));
      const [finished, ...unfinished] = ids.sort() as [string, ...string[]];
      await Promise.all(
        ids.map((id) => append(provider, id, sampleEvents(1, 1), { isUnfinished: true })),
      );
      await append(provider, finished, sampleEvents(2, 1));
      assertSame(await provider.records.unfinished(10, null), []);
      if (!reopen) return;
      const again = await reopen();
      assertSame(await again.records.unfinished(10, null), unfinished);
      assertSame(await again.records.unfinished(2, null), unfinished.slice(0, 2));
      assertSame(await again.records.unfinished(2, unfinished[1] ?? ''), unfinished.slice(2, 4));
      const [claimed = ''] = unfinished;
      const epoch = await claim(again, claimed);
      await append(again, claimed, sampleEvents(2, 1), { epoch, isUnfinished: true });
      const created = await createSession(again);
      await append(again, created, sampleEvents(1, 1), { isUnfinished: true });
      assertSame(await again.records.unfinished(10, null), unfinished.slice(1));
      const onceMore = await reopen();
      const expected = [...unfinished, created].sort();
      assertSame(await onceMore.records.unfinished(10, null), expected);
    },
  ],
  [
    'a session that is created after a deletion starts empty',
    async ({ provider }) => {
      const id = await createSession(provider);
      await append(provider, id, sampleEvents(1, 3), { keys: ['key'], isUnfinished: true });
      await provider.records.delete(id);
      const next = await createSession(provider);
      assertSame(await storedSeqs(provider, next), []);
      assert.equal(await provider.events.hasKey(next, 'key'), false);
      await append(provider, next, sampleEvents(1, 1));
      const sameId = await createSession(provider, { id });
      assertSame(await storedSeqs(provider, sameId), []);
      assert.equal(await provider.events.hasKey(sameId, 'key'), false);
    },
  ],
];
