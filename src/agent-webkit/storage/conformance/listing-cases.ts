import assert from 'node:assert/strict';
import type { SessionEvent } from '../../engine/session-event.js';
import type { AllRecordsFilter } from '../../engine/record-filter.js';
import {
  CONVERSATION_EVENTS,
  type CreationCursor,
  type RecordCursor,
  type SessionRecord,
  type SessionRecordStore,
} from '../../engine/storage.js';
import { append, assertSame, type Cases, createSession, idsOf, sampleRecord } from './fixtures.js';

/** Guarantees about the records that are found by their owner, their activity or their events. */
export const listingCases: Cases = [
  [
    "an owner's records are listed, the newest activity first",
    async ({ provider: { records } }) => {
      const times = [3, 1, 2].map((day) => new Date(Date.UTC(2026, 0, day)));
      for (const lastActivityAt of times) {
        // oxlint-disable-next-line no-await-in-loop -- they must not depend on each other
        await records.create(sampleRecord({ lastActivityAt }), null);
      }
      await records.create(sampleRecord({ owner: 'bob' }), null);
      const days = (await records.list('alice', 10, null)).map((record) =>
        record.lastActivityAt.getUTCDate(),
      );
      assertSame(days, [3, 2, 1]);
      assertSame(await records.list('carol', 10, null), []);
      assert.equal(await records.count('carol'), 0);
    },
  ],
  [
    'the pages of a listing contain every record once, also those with equal times',
    async ({ provider: { records } }) => {
      const created = Array.from({ length: 11 }, (_, index) =>
        sampleRecord({ lastActivityAt: new Date(1_000_000 + (index % 3)) }),
      );
      await Promise.all(created.map((record) => records.create(record, null)));
      const listed: SessionRecord[] = [];
      let cursor: RecordCursor | null = null;
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- a page starts where the previous one ended
        const page: SessionRecord[] = await records.list('alice', 2, cursor);
        assert.ok(page.length <= 2);
        listed.push(...page);
        cursor = page.at(-1) ?? null;
        if (!cursor) break;
      }
      const times = listed.map(({ lastActivityAt }) => lastActivityAt.getTime());
      assertSame(
        times,
        [...times].sort((a, b) => b - a),
      );
      assertSame(idsOf(listed), idsOf(created));
    },
  ],
  [
    'the records used since a time are returned in the order of their ids, page by page',
    async ({ provider: { records } }) => {
      const since = new Date(1_000_000);
      const used = Array.from({ length: 5 }, (_, index) => at(1_000_000 + (index % 2)));
      const others = [at(999_999), at(0), { ...at(1_000_005), owner: 'bob' }];
      await Promise.all([...used, ...others].map((record) => records.create(record, null)));
      const listed: string[] = [];
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- a page starts where the previous one ended
        const page = await records.usedSince('alice', since, 2, listed.at(-1) ?? null);
        assert.ok(page.length <= 2);
        if (page.length === 0) break;
        listed.push(...page.map(({ id }) => id));
      }
      assertSame(listed, idsOf(used));
      assertSame(await records.usedSince('carol', since, 10, null), []);
    },
  ],
  [
    'the listing of all owners contains every record once, the newest first, also those with equal times',
    async ({ provider: { records } }) => {
      const created = Array.from({ length: 11 }, (_, index) =>
        sampleRecord({
          owner: ['alice', 'bob', 'carol'][index % 3] ?? '',
          createdAt: new Date(1_000_000 + (index % 4)),
        }),
      );
      await Promise.all(created.map((record) => records.create(record, null)));
      const listed = await listAll(records, 2);
      const times = listed.map(({ createdAt }) => createdAt.getTime());
      assertSame(
        times,
        [...times].sort((a, b) => b - a),
      );
      assertSame(idsOf(listed), idsOf(created));
      const ofBob = created.filter(({ owner }) => owner === 'bob');
      assertSame(idsOf(await listAll(records, 2, { owner: 'bob' })), idsOf(ofBob));
      assertSame(await records.listAll(10, null, { owner: 'dan' }), []);
    },
  ],
  [
    'the listing of all owners leaves out no session that can be in a state',
    async ({ provider }) => {
      const { records } = provider;
      const working = await createSession(provider);
      await append(provider, working, named('session_ready', 'user_message'), {
        isUnfinished: true,
      });
      const dormant = await createSession(provider, { owner: 'bob' });
      for (const states of [['running'], ['running', 'awaiting']] as const) {
        // oxlint-disable-next-line no-await-in-loop -- one listing after the other
        const listed = await listAll(records, 1, { states });
        assert.ok(listed.some(({ id }) => id === working));
      }
      const found = await listAll(records, 1, { states: ['dormant'] });
      assert.ok(found.some(({ id }) => id === dormant));
    },
  ],
  [
    'the sessions that never had a message are found once they are without activity',
    async ({ provider }) => {
      const { records, events } = provider;
      const lastActivityAt = new Date(1_000_000);
      const create = () => createSession(provider, { lastActivityAt });
      const empty = [await create(), await create(), await create()];
      await append(provider, empty[1] ?? '', named('session_ready', 'mcp_status_change'));
      await append(provider, empty[2] ?? '', named('session_ready', ...Array(40).fill('error')));
      for (const name of CONVERSATION_EVENTS) {
        // oxlint-disable-next-line no-await-in-loop -- one session after the other
        await append(provider, await create(), named('session_ready', name, 'session_state'));
      }
      const trimmed = await create();
      await append(provider, trimmed, named('session_ready', 'result', 'error', 'error'));
      await events.trim(trimmed, 4, [2]);
      const find = (ms: number, limit = 10) => records.emptySince(new Date(ms), limit);
      assertSame((await find(1_000_001)).sort(), [...empty].sort());
      assertSame(await find(1_000_000), []);
      assert.equal((await find(1_000_001, 2)).length, 2);
    },
  ],
];

async function listAll(
  records: SessionRecordStore,
  limit: number,
  filter?: AllRecordsFilter,
): Promise<SessionRecord[]> {
  const listed: SessionRecord[] = [];
  let cursor: CreationCursor | null = null;
  do {
    // oxlint-disable-next-line no-await-in-loop -- a page starts where the previous one ended
    const page: SessionRecord[] = await records.listAll(limit, cursor, filter);
    assert.ok(page.length <= limit);
    listed.push(...page);
    cursor = page.at(-1) ?? null;
  } while (cursor);
  return listed;
}

function at(ms: number): SessionRecord {
  return sampleRecord({ lastActivityAt: new Date(ms) });
}

/** Returns events with these names, from seq 1. */
function named(...names: string[]): SessionEvent[] {
  return names.map((name, index) => ({ seq: index + 1, name, data: '{}' }));
}
