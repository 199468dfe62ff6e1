import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  append,
  assertSame,
  type Cases,
  claim,
  createSession,
  rejectsAsFenced,
  rejectsAsGap,
  sampleEvents,
  storedSeqs,
} from './fixtures.js';

/** Guarantees about the events of a session, their keys, and the epoch of their appends. */
export const eventCases: Cases = [
  [
    'events are read unchanged, in the order of their seq',
    async ({ provider }) => {
      const id = await createSession(provider);
      await append(provider, id, sampleEvents(1, 12));
      await append(provider, id, sampleEvents(13, 1));
      assertSame(await provider.events.read(id, 0, 100), sampleEvents(1, 13));
    },
  ],
  [
    'a read starts after a seq and ends at its limit',
    async ({ provider }) => {
      const id = await createSession(provider);
      await append(provider, id, sampleEvents(1, 25));
      const read = async (after: number, limit: number) =>
        (await provider.events.read(id, after, limit)).map(({ seq }) => seq);
      assertSame(await read(0, 3), [1, 2, 3]);
      assertSame(await read(9, 3), [10, 11, 12]);
      assertSame(await read(23, 3), [24, 25]);
      assertSame(await read(25, 3), []);
      assertSame(await read(99, 3), []);
    },
  ],
  [
    'a read of a session without events, or of one that does not exist, returns none',
    async ({ provider }) => {
      assertSame(await provider.events.read(await createSession(provider), 0, 10), []);
      assertSame(await provider.events.read(randomUUID(), 0, 10), []);
      assert.equal(await provider.events.hasKey(randomUUID(), 'key'), false);
    },
  ],
  [
    'an append that leaves a gap is rejected and changes nothing',
    async ({ provider }) => {
      const id = await createSession(provider);
      await rejectsAsGap(append(provider, id, sampleEvents(2, 1), { keys: ['first'] }));
      await append(provider, id, sampleEvents(1, 3));
      await rejectsAsGap(append(provider, id, sampleEvents(5, 2), { keys: ['later'] }));
      assertSame(await storedSeqs(provider, id), [1, 2, 3]);
      assert.equal(await provider.events.hasKey(id, 'first'), false);
      assert.equal(await provider.events.hasKey(id, 'later'), false);
      await append(provider, id, sampleEvents(4, 1));
      assertSame(await storedSeqs(provider, id), [1, 2, 3, 4]);
    },
  ],
  [
    'a repeated append succeeds and changes nothing',
    async ({ provider }) => {
      const id = await createSession(provider);
      await append(provider, id, sampleEvents(1, 3), { keys: ['key'] });
      await append(provider, id, sampleEvents(1, 3), { keys: ['key'] });
      assertSame(await provider.events.read(id, 0, 100), sampleEvents(1, 3));
      await append(provider, id, sampleEvents(2, 3));
      await append(provider, id, sampleEvents(1, 2));
      assertSame(await provider.events.read(id, 0, 100), sampleEvents(1, 4));
      await rejectsAsGap(append(provider, id, sampleEvents(6, 1)));
      await append(provider, id, sampleEvents(5, 1));
      assertSame(await provider.events.read(id, 0, 100), sampleEvents(1, 5));
    },
  ],
  [
    'a repeated append does not restore trimmed events',
    async ({ provider }) => {
      const id = await createSession(provider);
      await append(provider, id, sampleEvents(1, 3));
      await provider.events.trim(id, 3, []);
      await append(provider, id, sampleEvents(1, 3));
      assertSame(await storedSeqs(provider, id), [3]);
    },
  ],
  [
    'an append without events stores its keys',
    async ({ provider }) => {
      const id = await createSession(provider);
      await append(provider, id, [], { keys: ['a', 'b'] });
      assert.equal(await provider.events.hasKey(id, 'a'), true);
      assert.equal(await provider.events.hasKey(id, 'b'), true);
      assertSame(await storedSeqs(provider, id), []);
    },
  ],
  [
    'a claim changes the epoch, and an append at any other one is fenced and changes nothing',
    async ({ provider }) => {
      const id = await createSession(provider);
      await append(provider, id, sampleEvents(1, 1));
      const epoch = await claim(provider, id);
      assert.notEqual(epoch, 1);
      assert.equal((await provider.records.get(id))?.epoch, epoch);
      await rejectsAsFenced(append(provider, id, sampleEvents(2, 1), { keys: ['stale'] }));
      await rejectsAsFenced(append(provider, id, sampleEvents(2, 1), { epoch: epoch + 1 }));
      await rejectsAsFenced(append(provider, id, sampleEvents(2, 1), { epoch: epoch - 1 }));
      assert.equal(await provider.events.hasKey(id, 'stale'), false);
      await append(provider, id, sampleEvents(2, 1), { epoch });
      assertSame(await storedSeqs(provider, id), [1, 2]);
    },
  ],
  [
    'a claim chooses the epoch at random',
    async ({ provider }) => {
      // A counter would repeat its numbers after the storage was restored to an earlier state.
      const ids = await Promise.all(Array.from({ length: 4 }, () => createSession(provider)));
      const epochs = await Promise.all(ids.map((id) => claim(provider, id)));
      assert.equal(new Set(epochs).size, ids.length);
    },
  ],
  [
    'a repeated append at an older epoch is fenced, too',
    async ({ provider }) => {
      const id = await createSession(provider);
      await append(provider, id, sampleEvents(1, 1));
      await provider.records.claim(id);
      await rejectsAsFenced(append(provider, id, sampleEvents(1, 1)));
    },
  ],
  [
    'an append to a session that was deleted or never existed is fenced',
    async ({ provider }) => {
      const id = await createSession(provider);
      await append(provider, id, sampleEvents(1, 1));
      await provider.records.delete(id);
      await rejectsAsFenced(append(provider, id, sampleEvents(2, 1)));
      await rejectsAsFenced(append(provider, id, sampleEvents(1, 1)));
      await rejectsAsFenced(append(provider, randomUUID(), sampleEvents(1, 1)));
      assertSame(await storedSeqs(provider, id), []);
    },
  ],
  [
    'a key is found in its own session only, also after a trim',
    async ({ provider }) => {
      const [id, other] = [await createSession(provider), await createSession(provider)];
      await append(provider, id, sampleEvents(1, 2), { keys: ['key', 'another'] });
      await append(provider, id, sampleEvents(3, 1), { keys: ['key'] });
      await provider.events.trim(id, 4, []);
      assert.equal(await provider.events.hasKey(id, 'key'), true);
      assert.equal(await provider.events.hasKey(id, 'another'), true);
      assert.equal(await provider.events.hasKey(id, 'KEY'), false);
      assert.equal(await provider.events.hasKey(other, 'key'), false);
    },
  ],
  [
    'a trim removes the events before a seq, except those to retain',
    async ({ provider }) => {
      const [id, other] = [await createSession(provider), await createSession(provider)];
      await append(provider, id, sampleEvents(1, 12));
      await append(provider, other, sampleEvents(1, 12));
      await provider.events.trim(id, 9, [7, 2, 7, 10, 400]);
      assertSame(await storedSeqs(provider, id), [2, 7, 9, 10, 11, 12]);
      assertSame(await provider.events.read(id, 2, 2), [
        ...sampleEvents(7, 1),
        ...sampleEvents(9, 1),
      ]);
      await provider.events.trim(id, 11, [7]);
      assertSame(await storedSeqs(provider, id), [7, 11, 12]);
      assert.equal((await storedSeqs(provider, other)).length, 12);
    },
  ],
  [
    'a trim removes only events before its seq, also of those that an earlier trim retained',
    async ({ provider }) => {
      const id = await createSession(provider);
      await append(provider, id, sampleEvents(1, 5));
      await provider.events.trim(id, 4, [1, 2, 3]);
      await provider.events.trim(id, 2, []);
      assertSame(await storedSeqs(provider, id), [2, 3, 4, 5]);
    },
  ],
  [
    'seqs continue after all events were trimmed, also after a restart',
    async ({ provider, reopen }) => {
      const id = await createSession(provider);
      await append(provider, id, sampleEvents(1, 3));
      await provider.events.trim(id, 99, []);
      assertSame(await storedSeqs(provider, id), []);
      const again = reopen ? await reopen() : provider;
      await rejectsAsGap(append(again, id, sampleEvents(5, 1)));
      await append(again, id, sampleEvents(4, 1));
      assertSame(await storedSeqs(again, id), [4]);
    },
  ],
  [
    'events and keys survive a restart',
    async ({ provider, reopen }) => {
      if (!reopen) return;
      const id = await createSession(provider);
      await append(provider, id, sampleEvents(1, 300), { keys: ['key'] });
      const again = await reopen();
      assertSame(await again.events.read(id, 0, 1000), sampleEvents(1, 300));
      assert.equal(await again.events.hasKey(id, 'key'), true);
      await append(again, id, sampleEvents(301, 1));
    },
  ],
];
