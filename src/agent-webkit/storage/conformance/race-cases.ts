import assert from 'node:assert/strict';
import { type StorageProvider, UnstorableError } from '../../engine/storage.js';
import {
  append,
  assertSame,
  type Cases,
  createSession,
  isFenced,
  rejectsAsFenced,
  rejectsAsGap,
  sampleEvents,
  sampleRecord,
  storedSeqs,
} from './fixtures.js';

/** Guarantees about concurrent calls. */
export const raceCases: Cases = [
  [
    'concurrent appends to several sessions keep the events of each in order',
    async ({ provider, reopen }) => {
      const ids = await Promise.all(Array.from({ length: 40 }, () => createSession(provider)));
      const write = async (id: string) => {
        for (let first = 1; first < 40; first += 3) {
          // oxlint-disable-next-line no-await-in-loop -- a log has one append in progress
          await append(provider, id, sampleEvents(first, 3, id), { keys: [`${id} ${first}`] });
        }
      };
      await Promise.all(ids.map(write));
      const again = reopen ? await reopen() : provider;
      await Promise.all(
        ids.map(async (id) => {
          assertSame(await again.events.read(id, 0, 100), sampleEvents(1, 42, id).slice(0, 39));
          assert.equal(await again.events.hasKey(id, `${id} 37`), true);
        }),
      );
    },
  ],
  [
    'a rejected append does not affect concurrent appends to other sessions',
    async ({ provider }) => {
      const names = ['first', 'fenced', 'gap', 'gone', 'last'];
      const ids = await Promise.all(names.map(() => createSession(provider)));
      const [first = '', fenced = '', gap = '', gone = '', last = ''] = ids;
      await provider.records.claim(fenced);
      await provider.records.delete(gone);
      await Promise.all([
        append(provider, first, sampleEvents(1, 2)),
        rejectsAsFenced(append(provider, fenced, sampleEvents(1, 2))),
        rejectsAsGap(append(provider, gap, sampleEvents(2, 2))),
        rejectsAsFenced(append(provider, gone, sampleEvents(1, 2))),
        append(provider, last, sampleEvents(1, 2)),
      ]);
      const seqs = await Promise.all(ids.map((id) => storedSeqs(provider, id)));
      assertSame(seqs, [[1, 2], [], [], [], [1, 2]]);
    },
  ],
  [
    'an append with a value that can never be stored is rejected for good, and affects no other append',
    async ({ provider }) => {
      const [first, last] = [await createSession(provider), await createSession(provider)];
      for (const summary of [
        { firstSeq: 1, costUsd: Number.NaN },
        { firstSeq: 2 ** 40, costUsd: 0 },
      ]) {
        /* oxlint-disable no-await-in-loop -- one value after the other */
        const id = await createSession(provider);
        const lastSeq = (await storedSeqs(provider, first)).length;
        const appends = await Promise.allSettled([
          append(provider, first, sampleEvents(lastSeq + 1, 1)),
          append(provider, id, sampleEvents(1, 1), { summary }),
          append(provider, last, sampleEvents(lastSeq + 1, 1)),
        ]);
        const [before, hostile, after] = appends.map(({ status }) => status);
        assertSame([before, after], ['fulfilled', 'fulfilled']);
        const { reason = null } = { ...appends[1] } as { reason?: unknown };
        assert.ok(reason === null || reason instanceof UnstorableError, String(reason));
        const stored = hostile === 'fulfilled' ? [1] : [];
        assertSame(await storedSeqs(provider, id), stored);
        await append(provider, id, sampleEvents(stored.length + 1, 1));
        /* oxlint-enable no-await-in-loop */
      }
      assertSame(await storedSeqs(provider, last), [1, 2]);
    },
  ],
  [
    'of two servers that race for a session, one writes each event and the other one is fenced',
    async ({ provider }) => {
      const id = await createSession(provider);
      const accepted = new Map<number, string>();
      await Promise.all(['a', 'b', 'c', 'd'].map((name) => contend(provider, id, name, accepted)));
      const stored = await provider.events.read(id, 0, 10_000);
      assertSame(
        stored.map(({ seq }) => seq),
        stored.map((_, index) => index + 1),
      );
      assert.equal(stored.length, accepted.size);
      for (const { seq, data } of stored) assert.equal(accepted.get(seq), data);
    },
  ],
  [
    'concurrent claims each get their own epoch',
    async ({ provider }) => {
      const id = await createSession(provider);
      const claims = await Promise.all(Array.from({ length: 8 }, () => provider.records.claim(id)));
      const epochs = claims.map((record) => record?.epoch ?? 0);
      assert.equal(new Set([0, 1, ...epochs]).size, 10);
      assert.ok(epochs.includes((await provider.records.get(id))?.epoch ?? 0));
    },
  ],
  [
    'concurrent creations with the same key create one session per owner',
    async ({ provider: { records } }) => {
      const owners = Array.from({ length: 24 }, (_, index) => (index % 3 === 0 ? 'bob' : 'alice'));
      const created = await Promise.all(
        owners.map((owner) => records.create(sampleRecord({ owner }), 'key')),
      );
      assertSame(
        created.map(({ owner }) => owner),
        owners,
      );
      assert.equal(new Set(created.map(({ id }) => id)).size, 2);
      assert.equal(await records.count('alice'), 1);
      assert.equal(await records.count('bob'), 1);
    },
  ],
];

/** Takes over the session repeatedly, and records which of its events were accepted. */
async function contend(
  provider: StorageProvider,
  id: string,
  name: string,
  accepted: Map<number, string>,
): Promise<void> {
  for (let round = 0; round < 12; round += 1) {
    /* oxlint-disable no-await-in-loop -- a server does one thing after the other */
    const epoch = (await provider.records.claim(id))?.epoch ?? 0;
    const last = (await storedSeqs(provider, id)).at(-1) ?? 0;
    for (const first of [last + 1, last + 3]) {
      const events = sampleEvents(first, 2, `${name} at ${epoch}`);
      try {
        await append(provider, id, events, { epoch });
      } catch (error) {
        assert.ok(isFenced(error), String(error));
        break;
      }
      for (const { seq, data } of events) {
        assert.ok(!accepted.has(seq), `Event ${seq} was accepted twice.`);
        accepted.set(seq, data);
      }
    }
    /* oxlint-enable no-await-in-loop */
  }
}
