import assert from 'node:assert/strict';
import { NO_DETAILS, type SessionDetails } from '../../engine/session-details.js';
import type { SessionRecord, StorageProvider } from '../../engine/storage.js';
import {
  append,
  assertSame,
  type Cases,
  claim,
  createSession,
  HARD_TEXT,
  idsOf,
  rejectsAsFenced,
  sampleEvents,
  sampleRecord,
} from './fixtures.js';

/** Guarantees about sessions that are shared with other callers. */
export const memberCases: Cases = [
  [
    'a shared record is listed for its owner and for each of its members, and counts only for its owner',
    async ({ provider, reopen }) => {
      const id = await createSession(provider, { details: shared('bob', 'carol') });
      await createSession(provider);
      const own = await createSession(provider, { owner: 'bob' });
      assertSame(await found(provider, 'bob'), [id, own].sort());
      assertSame(await found(provider, 'carol'), [id]);
      assertSame(await found(provider, 'dave'), []);
      assert.equal((await found(provider, 'alice')).length, 2);
      assert.equal(await provider.records.count('bob'), 1);
      assert.equal(await provider.records.count('carol'), 0);
      const again = (await reopen?.()) ?? provider;
      assertSame(await found(again, 'carol'), [id]);
      assertSame((await again.records.get(id))?.details, shared('bob', 'carol'));
    },
  ],
  [
    'an append replaces the members of its record, and a rejected one and one without details keep them',
    async ({ provider }) => {
      const id = await createSession(provider, { details: shared('bob') });
      await append(provider, id, sampleEvents(1, 1));
      assertSame(await found(provider, 'bob'), [id]);
      await append(provider, id, sampleEvents(2, 1), { details: shared('carol', HARD_TEXT) });
      assertSame(await found(provider, 'bob'), []);
      assertSame(await found(provider, 'carol'), [id]);
      assertSame(await found(provider, HARD_TEXT), [id]);
      const epoch = await claim(provider, id);
      await rejectsAsFenced(append(provider, id, sampleEvents(3, 1), { details: shared('bob') }));
      assertSame(await found(provider, 'bob'), []);
      await append(provider, id, sampleEvents(3, 1), { epoch, details: NO_DETAILS });
      assertSame(await found(provider, 'carol'), []);
      assertSame(await found(provider, 'alice'), [id]);
    },
  ],
  [
    'a record is not listed any more for its members when it is deleted',
    async ({ provider }) => {
      const id = await createSession(provider, { details: shared('bob') });
      await provider.records.delete(id);
      assertSame(await found(provider, 'bob'), []);
    },
  ],
  [
    'owned and shared records are listed in one order, page by page, and by the same filters',
    async ({ provider: { records } }) => {
      const since = new Date(1_000_006);
      const created = Array.from({ length: 13 }, (_, index) =>
        sampleRecord({
          owner: index % 3 === 0 ? 'bob' : 'alice',
          createdAt: new Date(1_000_000 - (index % 5)),
          lastActivityAt: new Date(1_000_000 + index - (index % 2)),
          details: {
            ...(index % 3 === 0 ? NO_DETAILS : shared('bob')),
            metadata: { kind: index % 2 ? 'odd' : 'even', all: true },
            archived: index % 4 === 0,
            title: `Title ${index}`,
          },
        }),
      );
      await Promise.all(created.map((record) => records.create(record, null)));
      const listed: SessionRecord[] = [];
      const listedByCreation: SessionRecord[] = [];
      for (const index of created.keys()) {
        /* oxlint-disable no-await-in-loop -- a page begins where the previous one ended */
        const [last, lastCreated] = [listed[index - 1], listedByCreation[index - 1]];
        listed.push(...(await records.list('bob', 1, last ?? null)));
        listedByCreation.push(...(await records.listCreated('bob', 1, lastCreated ?? null)));
        /* oxlint-enable no-await-in-loop */
      }
      assertSame(orderOf(listed), orderOf(sortedBy('lastActivityAt', created)));
      assertSame(orderOf(listedByCreation), orderOf(sortedBy('createdAt', created)));
      const used = await records.usedSince('bob', since, 100, null);
      assertSame(
        orderOf(used),
        idsOf(created.filter(({ lastActivityAt }) => lastActivityAt >= since)),
      );
      const filter = {
        archived: true,
        metadata: { kind: 'even', all: 'true' },
        title: 'title',
      };
      const matching = await records.list('bob', 100, null, filter);
      assertSame(
        orderOf(matching),
        orderOf(
          sortedBy('lastActivityAt', created).filter(({ details }) => details?.archived === true),
        ),
      );
    },
  ],
  [
    'open requests are found for the owner of their session and for its approvers, no other members',
    async ({ provider }) => {
      const details: SessionDetails = {
        ...NO_DETAILS,
        members: [
          { id: 'bob', role: 'approver' },
          { id: 'carol', role: 'contributor' },
          { id: 'dave', role: 'viewer' },
        ],
      };
      const own = await createSession(provider, { owner: 'bob' });
      const id = await createSession(provider, { details });
      await append(provider, own, sampleEvents(1, 1), { requests: [mark(1, 2)] });
      await append(provider, id, sampleEvents(1, 3), {
        requests: [mark(1, 1), mark(2, 2), mark(3, 3)],
      });
      const times = async (caller: string, limit = 10) => {
        const requests = await provider.records.openRequests(caller, limit, null);
        return requests.map(({ openedAt }) => openedAt.getTime() - 1_000_000);
      };
      assertSame(await times('alice'), [1, 2, 3]);
      assertSame(await times('bob'), [1, 2, 2, 3]);
      assertSame(await times('bob', 2), [1, 2]);
      assertSame(await times('carol'), []);
      assertSame(await times('dave'), []);
      const [, second] = await provider.records.openRequests('bob', 2, null);
      assert.ok(second);
      const cursor = { ...second, seq: second.event.seq };
      assert.equal((await provider.records.openRequests('bob', 10, cursor)).length, 2);
      await append(provider, id, sampleEvents(4, 1), { details: shared('bob') });
      assertSame(await times('bob'), [2]);
    },
  ],
];

/** Returns details with viewers. */
function shared(...ids: readonly string[]): SessionDetails {
  return { ...NO_DETAILS, members: ids.map((id) => ({ id, role: 'viewer' as const })) };
}

const mark = (seq: number, at: number) => ({ seq, openedAt: new Date(1_000_000 + at) });

async function found({ records }: StorageProvider, caller: string): Promise<string[]> {
  const ids = idsOf(await records.list(caller, 100, null));
  assertSame(idsOf(await records.listCreated(caller, 100, null)), ids);
  assertSame(idsOf(await records.usedSince(caller, new Date(0), 100, null)), ids);
  return ids;
}

const orderOf = (records: readonly SessionRecord[]) => records.map(({ id }) => id);

function sortedBy(
  field: 'lastActivityAt' | 'createdAt',
  records: readonly SessionRecord[],
): SessionRecord[] {
  return [...records].sort(
    (a, b) => b[field].getTime() - a[field].getTime() || (a.id < b.id ? -1 : 1),
  );
}
