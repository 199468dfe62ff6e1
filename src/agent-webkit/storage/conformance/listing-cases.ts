import assert from 'node:assert/strict';
import type { SessionEvent } from '../../engine/session-event.js';
import {
  CONVERSATION_EVENTS,
  type RecordCursor,
  type SessionRecord,
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

function at(ms: number): SessionRecord {
  return sampleRecord({ lastActivityAt: new Date(ms) });
}

/** Returns events with these names, from seq 1. */
function named(...names: string[]): SessionEvent[] {
  return names.map((name, index) => ({ seq: index + 1, name, data: '{}' }));
}
