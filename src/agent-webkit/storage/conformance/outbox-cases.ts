import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { NewNotification, NotificationOutbox } from '../../engine/notification-outbox.js';
import type { StorageProvider } from '../../engine/storage.js';
import { append, assertSame, type CaseBody, type Cases, claim, createSession } from './fixtures.js';
import { HARD_TEXT, rejectsAsFenced, rejectsAsGap, sampleEvents } from './fixtures.js';

/** Longer than a case takes. */
const LONG_MS = 600_000;

type OutboxStorage = StorageProvider & { readonly outbox: NotificationOutbox };

/** Skips the case for a storage without an outbox. */
function withOutbox(
  body: (provider: OutboxStorage, subject: Parameters<CaseBody>[0]) => Promise<void>,
): CaseBody {
  return async (subject) => {
    if (hasOutbox(subject.provider)) await body(subject.provider, subject);
  };
}

function hasOutbox(provider: StorageProvider): provider is OutboxStorage {
  return provider.outbox !== undefined;
}

function about(sessionId: string, seq: number, text = ''): NewNotification {
  return { id: `${sessionId}:${seq}`, seq, body: JSON.stringify({ seq, text }) };
}

/** Claims everything that is due, and returns the ids in order. */
async function claimedIds(outbox: NotificationOutbox, claimMs = LONG_MS): Promise<string[]> {
  return (await outbox.claim(1000, claimMs)).map(({ id }) => id).sort();
}

/** Resolves when a notification is due. */
async function due(outbox: NotificationOutbox): Promise<readonly { attempts: number }[]> {
  for (;;) {
    /* oxlint-disable no-await-in-loop -- time passes between two looks */
    const found = await outbox.claim(10, LONG_MS);
    if (found.length > 0) return found;
    await delay(20);
    /* oxlint-enable no-await-in-loop */
  }
}

/** Guarantees about the notifications that wait for their delivery. */
export const outboxCases: Cases = [
  [
    'a notification is due from the commit of its event on, with its body unchanged',
    withOutbox(async (provider, { reopen }) => {
      const id = await createSession(provider);
      const notification = about(id, 2, HARD_TEXT);
      await append(provider, id, sampleEvents(1, 3), { notifications: [notification] });
      const after = reopen ? await reopen() : provider;
      assert.ok(hasOutbox(after));
      const claimed = await after.outbox.claim(10, LONG_MS);
      assertSame(claimed, [{ id: notification.id, body: notification.body, attempts: 1 }]);
    }),
  ],
  [
    'an append that is rejected stores no notification',
    withOutbox(async (provider) => {
      const id = await createSession(provider);
      await rejectsAsGap(
        append(provider, id, sampleEvents(5, 1), { notifications: [about(id, 5)] }),
      );
      await claim(provider, id);
      await rejectsAsFenced(
        append(provider, id, sampleEvents(1, 1), { notifications: [about(id, 1)] }),
      );
      assertSame(await claimedIds(provider.outbox), []);
    }),
  ],
  [
    'an append that is repeated stores its notifications once, also after their delivery',
    withOutbox(async (provider) => {
      const id = await createSession(provider);
      const again = () =>
        append(provider, id, sampleEvents(1, 2), { notifications: [about(id, 1), about(id, 2)] });
      await again();
      await again();
      assertSame(await claimedIds(provider.outbox), [`${id}:1`, `${id}:2`]);
      await provider.outbox.remove(`${id}:1`);
      await again();
      await provider.outbox.defer(`${id}:2`, 0);
      assertSame(await claimedIds(provider.outbox), [`${id}:2`]);
    }),
  ],
  [
    'appends of several sessions at the same time each store their own notifications',
    withOutbox(async (provider) => {
      const ids = await Promise.all(Array.from({ length: 5 }, () => createSession(provider)));
      await Promise.all(
        ids.map((id, index) =>
          append(provider, id, sampleEvents(1, 1), {
            notifications: index % 2 === 0 ? [about(id, 1)] : [],
          }),
        ),
      );
      const expected = ids.filter((_, index) => index % 2 === 0).map((id) => `${id}:1`);
      assertSame(await claimedIds(provider.outbox), expected.sort());
    }),
  ],
  [
    'a notification that is claimed is claimed by no other call until the claim lapses',
    withOutbox(async (provider, { join }) => {
      const { outbox } = provider;
      const id = await createSession(provider);
      await append(provider, id, sampleEvents(1, 40), {
        notifications: Array.from({ length: 40 }, (_, index) => about(id, index + 1)),
      });
      const other = (await join?.())?.outbox ?? outbox;
      const calls = Array.from({ length: 8 }, (_, index) =>
        (index % 2 === 0 ? outbox : other).claim(3, LONG_MS),
      );
      const claimed = (await Promise.all(calls)).flat().map((found) => found.id);
      assert.equal(new Set(claimed).size, claimed.length);
      const rest = [...(await claimedIds(outbox)), ...(await claimedIds(other))];
      assert.equal(new Set([...claimed, ...rest]).size, 40);
      assert.equal(claimed.length + rest.length, 40);
    }),
  ],
  [
    'a notification whose claim has lapsed is due again, and its attempts are counted',
    withOutbox(async (provider) => {
      const { outbox } = provider;
      const id = await createSession(provider);
      await append(provider, id, sampleEvents(1, 1), { notifications: [about(id, 1)] });
      assert.equal((await outbox.claim(1, 50))[0]?.attempts, 1);
      assert.equal((await due(outbox))[0]?.attempts, 2);
      await outbox.defer(`${id}:1`, 50);
      assert.equal((await due(outbox))[0]?.attempts, 3);
    }),
  ],
  [
    'a notification that was deferred is not due before its time, and one that was removed never',
    withOutbox(async (provider) => {
      const { outbox } = provider;
      const id = await createSession(provider);
      const notifications = [about(id, 1), about(id, 2), about(id, 3)];
      await append(provider, id, sampleEvents(1, 3), { notifications });
      await outbox.claim(10, LONG_MS);
      await outbox.defer(`${id}:1`, LONG_MS);
      await outbox.defer(`${id}:2`, 0);
      await outbox.remove(`${id}:3`);
      await outbox.remove(`${id}:3`);
      await outbox.defer(`${id}:3`, 0);
      await outbox.defer(randomUUID(), 0);
      assertSame(await claimedIds(outbox), [`${id}:2`]);
    }),
  ],
  [
    'the oldest notifications beyond a maximum can be removed',
    withOutbox(async (provider) => {
      const { outbox } = provider;
      const id = await createSession(provider);
      for (const seq of [1, 2, 3, 4, 5]) {
        // oxlint-disable-next-line no-await-in-loop -- in this order
        await append(provider, id, sampleEvents(seq, 1), { notifications: [about(id, seq)] });
      }
      assert.equal(await outbox.trim(5), 0);
      assert.equal(await outbox.trim(2), 3);
      assert.equal(await outbox.trim(2), 0);
      assertSame(await claimedIds(outbox), [`${id}:4`, `${id}:5`]);
    }),
  ],
  [
    'a notification outlives the deletion of its session',
    withOutbox(async (provider) => {
      const id = await createSession(provider);
      await append(provider, id, sampleEvents(1, 1), { notifications: [about(id, 1)] });
      await provider.records.delete(id);
      assertSame(await claimedIds(provider.outbox), [`${id}:1`]);
    }),
  ],
];
