import assert from 'node:assert/strict';
import type {
  EventAppend,
  RequestCursor,
  RequestMark,
  StorageProvider,
  StoredRequest,
} from '../../engine/storage.js';
import { NO_DETAILS } from '../../engine/session-details.js';
import {
  append,
  assertSame,
  type Cases,
  claim,
  createSession,
  rejectsAsFenced,
  sampleEvents,
} from './fixtures.js';

/** Guarantees about the open requests of an owner's sessions. */
export const requestCases: Cases = [
  [
    'the open requests of all sessions of an owner are found with their events, the oldest first',
    async ({ provider }) => {
      const [one, two] = [await createSession(provider), await createSession(provider)];
      await open(provider, one, 2, [mark(1, 30), mark(2, 10)]);
      await open(provider, two, 1, [mark(1, 20)]);
      assertSame(await find(provider), [
        { sessionId: one, openedAt: at(10), event: sampleEvents(2, 1)[0] },
        { sessionId: two, openedAt: at(20), event: sampleEvents(1, 1)[0] },
        { sessionId: one, openedAt: at(30), event: sampleEvents(1, 1)[0] },
      ]);
    },
  ],
  [
    'the open requests of other owners are not found',
    async ({ provider }) => {
      const id = await createSession(provider, { owner: 'bob' });
      await open(provider, id, 1, [mark(1, 1)]);
      assertSame(await find(provider), []);
      assert.equal((await provider.records.openRequests('bob', 10, null)).length, 1);
    },
  ],
  [
    'an append replaces the open requests of its session, and one without requests keeps them',
    async ({ provider }) => {
      const [id, other] = [await createSession(provider), await createSession(provider)];
      await open(provider, id, 3, [mark(1, 1), mark(2, 2), mark(3, 3)]);
      await open(provider, other, 1, [mark(1, 4)]);
      await append(provider, id, sampleEvents(4, 1), { isUnfinished: true });
      assertSame(await seqs(provider), [1, 2, 3, 1]);
      await append(provider, id, sampleEvents(5, 1), unfinished([mark(2, 2), mark(5, 5)]));
      assertSame(await seqs(provider), [2, 1, 5]);
      await append(provider, id, [], unfinished([mark(5, 5)]));
      assertSame(await seqs(provider), [1, 5]);
      await append(provider, id, sampleEvents(6, 1), { requests: [] });
      assertSame(await seqs(provider), [1]);
    },
  ],
  [
    'an open request is found with those who have approved it as of the last append with requests',
    async ({ provider, reopen, join }) => {
      const [id, other] = [await createSession(provider), await createSession(provider)];
      await open(provider, id, 2, [approved([]), mark(2, 3)]);
      await open(provider, other, 1, [{ ...mark(1, 2), approvedBy: ['ann'] }]);
      assertSame(await approvals(provider), [[], ['ann'], null]);
      const names = ['bob', 'a"b,c}', '{"x":[1]}', '\0\ud800 ü'];
      await append(provider, id, sampleEvents(3, 1), unfinished([approved(names), mark(2, 3)]));
      assertSame(await approvals(provider), [names, ['ann'], null]);
      await append(provider, id, sampleEvents(4, 1), { isUnfinished: true });
      assertSame(await approvals(provider), [names, ['ann'], null]);
      if (join) assertSame(await approvals(await join()), [names, ['ann'], null]);
      if (reopen) assertSame(await approvals(await reopen()), [names, ['ann'], null]);
    },
  ],
  [
    'an open request is found with those to whom it was escalated as of the last append with requests',
    async ({ provider, reopen, join }) => {
      const id = await createSession(provider);
      await open(provider, id, 2, [approved(['ann']), mark(2, 3)]);
      assertSame(await escalations(provider), [null, null]);
      const names = ['bob', 'a"b,c}', '\0\ud800 ü'];
      const escalated = [approved(['ann']), { ...mark(2, 3), escalatedTo: names }];
      await append(provider, id, sampleEvents(3, 1), unfinished(escalated));
      await append(provider, id, sampleEvents(4, 1), { isUnfinished: true });
      assertSame(await escalations(provider), [null, names]);
      assertSame(await approvals(provider), [['ann'], null]);
      if (join) assertSame(await escalations(await join()), [null, names]);
      if (reopen) assertSame(await escalations(await reopen()), [null, names]);
    },
  ],
  [
    'the request of a session that only waits for it, and is not unfinished, is found',
    async ({ provider, reopen }) => {
      const id = await createSession(provider);
      await append(provider, id, sampleEvents(1, 1), {
        isUnfinished: false,
        requests: [mark(1, 1)],
      });
      assertSame(await seqs(provider), [1]);
      if (reopen) assertSame(await seqs(await reopen()), [1]);
    },
  ],
  [
    'an append that is repeated opens no request twice',
    async ({ provider }) => {
      const id = await createSession(provider);
      await open(provider, id, 1, [mark(1, 1)]);
      await open(provider, id, 1, [mark(1, 1)]);
      assertSame(await seqs(provider), [1]);
    },
  ],
  [
    'an append that is rejected changes no open request',
    async ({ provider }) => {
      const id = await createSession(provider);
      await open(provider, id, 1, [mark(1, 1)]);
      await claim(provider, id);
      const late = async () =>
        append(provider, id, sampleEvents(2, 1), unfinished([mark(1, 1), mark(2, 2)]));
      await rejectsAsFenced(late());
      await rejectsAsFenced(append(provider, id, sampleEvents(2, 1), { requests: [] }));
      assertSame(await seqs(provider), [1]);
    },
  ],
  [
    'an append stores open requests, notifications and changed details together',
    async ({ provider }) => {
      const id = await createSession(provider);
      const details = { ...NO_DETAILS, title: 'Rent', metadata: { flat: '3' } };
      const notifications = [{ id: `${id}.1`, seq: 1, body: '{"open":true}' }];
      await append(provider, id, sampleEvents(1, 1), {
        ...unfinished([mark(1, 1)]),
        notifications,
        details,
      });
      assertSame((await provider.records.get(id))?.details, details);
      assertSame(await seqs(provider), [1]);
      const due = await provider.outbox?.claim(10, 60_000);
      if (due) assertSame(due, [{ id: `${id}.1`, body: '{"open":true}', attempts: 1 }]);
    },
  ],
  [
    'the pages of the open requests contain each of them once, also those with equal times',
    async ({ provider }) => {
      const ids = await Promise.all(Array.from({ length: 4 }, () => createSession(provider)));
      for (const [index, id] of ids.entries()) {
        const marks = [mark(1, 5), mark(2, 5), mark(3, index)];
        // oxlint-disable-next-line no-await-in-loop -- they must not depend on each other
        await open(provider, id, 3, marks);
      }
      const whole = await find(provider, 100);
      const paged: StoredRequest[] = [];
      let cursor: RequestCursor | null = null;
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- a page starts where the previous one ended
        const page: StoredRequest[] = await find(provider, 5, cursor);
        paged.push(...page);
        const last = page.at(-1);
        if (!last) break;
        cursor = { ...last, seq: last.event.seq };
      }
      assert.equal(whole.length, 12);
      assertSame(paged, whole);
      const times = whole.map(({ openedAt }) => openedAt.getTime());
      assertSame(
        times,
        [...times].sort((a, b) => a - b),
      );
    },
  ],
  [
    'a page continues after a request that was closed meanwhile',
    async ({ provider }) => {
      const id = await createSession(provider);
      await open(provider, id, 3, [mark(1, 1), mark(2, 2), mark(3, 3)]);
      const [first] = await find(provider, 1);
      assert.ok(first);
      await append(provider, id, [], unfinished([mark(2, 2), mark(3, 3)]));
      const after = { openedAt: first.openedAt, sessionId: id, seq: first.event.seq };
      assertSame(
        (await find(provider, 10, after)).map(({ event }) => event.seq),
        [2, 3],
      );
    },
  ],
  [
    'an open request is found with its event when earlier and later events were trimmed',
    async ({ provider }) => {
      const id = await createSession(provider);
      await open(provider, id, 9, [mark(3, 3), mark(9, 9)]);
      await provider.events.trim(id, 8, [3]);
      assertSame(await seqs(provider), [3, 9]);
      await open(provider, id, 0, [mark(9, 9)]);
      assertSame(await seqs(provider), [9]);
    },
  ],
  [
    'a deleted session has no open requests',
    async ({ provider }) => {
      const [id, other] = [await createSession(provider), await createSession(provider)];
      await open(provider, id, 1, [mark(1, 1)]);
      await open(provider, other, 1, [mark(1, 2)]);
      await provider.records.delete(id);
      assertSame(
        (await find(provider)).map(({ sessionId }) => sessionId),
        [other],
      );
      // Not even one that is created with its id.
      await createSession(provider, { id });
      await append(provider, id, sampleEvents(1, 1), { isUnfinished: true });
      assert.equal((await find(provider)).length, 1);
    },
  ],
  [
    'appends to several sessions at the same time each replace the open requests of their own session',
    async ({ provider }) => {
      const [one, two] = [await createSession(provider), await createSession(provider)];
      await Promise.all([
        open(provider, one, 2, [mark(1, 1), mark(2, 2)]),
        open(provider, two, 2, [mark(1, 3), mark(2, 4)]),
      ]);
      assertSame(await seqs(provider), [1, 2, 1, 2]);
      await Promise.all([
        append(provider, one, [], unfinished([mark(2, 2)])),
        append(provider, two, [], unfinished([mark(1, 3)])),
      ]);
      assertSame(await seqs(provider), [2, 1]);
    },
  ],
  [
    'the open requests survive a restart, and are those of every server that shares the storage',
    async ({ provider, reopen, join }) => {
      const id = await createSession(provider);
      await open(provider, id, 2, [mark(2, 7)]);
      const found = await find(provider);
      if (join) assertSame(await find(await join()), found);
      if (reopen) assertSame(await find(await reopen()), found);
    },
  ],
];

const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms);

const mark = (seq: number, ms: number): RequestMark => ({ seq, openedAt: at(ms) });

const approved = (approvedBy: readonly string[]): RequestMark => ({ ...mark(1, 1), approvedBy });

async function approvals(provider: StorageProvider): Promise<(readonly string[] | null)[]> {
  return (await find(provider)).map(({ approvedBy }) => approvedBy ?? null);
}

async function escalations(provider: StorageProvider): Promise<(readonly string[] | null)[]> {
  return (await find(provider)).map(({ escalatedTo }) => escalatedTo ?? null);
}

function unfinished(requests: readonly RequestMark[]): Partial<EventAppend> {
  return { isUnfinished: true, requests };
}

/** Appends `count` events from seq 1 that leave these requests open. */
function open(
  provider: StorageProvider,
  id: string,
  count: number,
  requests: readonly RequestMark[],
): Promise<void> {
  return append(provider, id, sampleEvents(1, count), unfinished(requests));
}

function find(
  provider: StorageProvider,
  limit = 10,
  cursor: RequestCursor | null = null,
): Promise<StoredRequest[]> {
  return provider.records.openRequests('alice', limit, cursor);
}

async function seqs(provider: StorageProvider): Promise<number[]> {
  return (await find(provider)).map(({ event }) => event.seq);
}
