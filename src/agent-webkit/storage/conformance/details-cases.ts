import assert from 'node:assert/strict';
import { foldText, type RecordFilter } from '../../engine/record-filter.js';
import { NO_DETAILS, type SessionDetails } from '../../engine/session-details.js';
import type { CreationCursor, SessionRecord, StorageProvider } from '../../engine/storage.js';
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

const HARD_DETAILS: SessionDetails = {
  title: HARD_TEXT,
  messageTitle: `"${HARD_TEXT}`,
  metadata: { text: HARD_TEXT, number: 1.5, truth: false },
  archived: true,
};

/** Guarantees about what clients note about sessions, and how records are found by it. */
export const detailsCases: Cases = [
  [
    'the details of a record are those with which it was created, until an append has others',
    async ({ provider, reopen }) => {
      const id = await createSession(provider, { details: HARD_DETAILS });
      assertSame((await provider.records.get(id))?.details, HARD_DETAILS);
      await append(provider, id, sampleEvents(1, 1));
      assertSame((await provider.records.get(id))?.details, HARD_DETAILS);
      const details = { ...HARD_DETAILS, title: null, metadata: {}, archived: false };
      await append(provider, id, sampleEvents(2, 1), { details });
      assertSame((await provider.records.get(id))?.details, details);
      assertSame((await provider.records.list('alice', 1, null))[0]?.details, details);
      const again = (await reopen?.()) ?? provider;
      assertSame((await again.records.claim(id))?.details, details);
    },
  ],
  [
    'an append that is rejected changes no details, and those of other sessions stay',
    async ({ provider }) => {
      const id = await createSession(provider, { details: noted({ title: 'one' }) });
      const other = await createSession(provider, { details: noted({ title: 'two' }) });
      const epoch = await claim(provider, id);
      await rejectsAsFenced(
        append(provider, id, sampleEvents(1, 1), { details: noted({ title: 'lost' }) }),
      );
      assertSame(await titles(provider, {}), ['one', 'two']);
      await Promise.all([
        append(provider, id, sampleEvents(1, 1), { epoch, details: noted({ title: 'new' }) }),
        append(provider, other, sampleEvents(1, 1)),
      ]);
      assertSame(await titles(provider, {}), ['new', 'two']);
    },
  ],
  [
    'a listing contains archived records, others or both',
    async ({ provider }) => {
      await createSession(provider, { details: noted({ title: 'old', archived: true }) });
      await createSession(provider, { details: noted({ title: 'new' }) });
      const unnoted = await createSession(provider);
      assertSame(await titles(provider, { archived: true }), ['old']);
      assertSame(await titles(provider, { archived: false }), ['', 'new']);
      assertSame(await titles(provider, {}), ['', 'new', 'old']);
      const details = noted({ title: 'put away', archived: true });
      await append(provider, unnoted, sampleEvents(1, 1), { details });
      assertSame(await titles(provider, { archived: true }), ['old', 'put away']);
      assertSame(await titles(provider, { archived: false }), ['new']);
    },
  ],
  [
    'records are found by a part of their titles, in any case and with ordinary characters only',
    async ({ provider }) => {
      const all = [
        '100% done',
        '100 done',
        'a_b',
        'aXb',
        'Grüße',
        'C:\\temp',
        `"quoted"`,
        HARD_TEXT,
      ];
      for (const title of all) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await createSession(provider, { details: noted({ title }) });
      }
      await createSession(provider, { details: noted({ messageTitle: 'from a MESSAGE' }) });
      await createSession(provider, {
        details: noted({ title: 'given', messageTitle: 'hidden by it' }),
      });
      await createSession(provider);
      const find = (text: string) => titles(provider, { title: foldText(text) });
      assertSame(await find('100%'), ['100% done']);
      assertSame(await find('A_B'), ['a_b']);
      assertSame(await find('GRÜSSE'), []);
      assertSame(await find('GRÜ'), ['Grüße']);
      assertSame(await find('c:\\T'), ['C:\\temp']);
      assertSame(await find('"QUOTED'), ['"quoted"']);
      assertSame(await find('message'), ['from a MESSAGE']);
      assertSame(await find('hidden'), []);
      assertSame(await find(HARD_TEXT), [HARD_TEXT]);
      assertSame(await find("'; --"), []);
    },
  ],
  [
    'records are found by all of several values of their metadata, as text',
    async ({ provider }) => {
      const add = (title: string, metadata: SessionDetails['metadata'], owner = 'alice') =>
        createSession(provider, { owner, details: noted({ title, metadata }) });
      await add('one', { project: 'shop', round: 1, urgent: true });
      const two = await add('two', { project: 'shop', round: '2', text: HARD_TEXT });
      await add('three', { project: 'other', round: 1 });
      await add('four', { project: 'shop', round: 1 }, 'bob');
      const find = (metadata: Record<string, string>) => titles(provider, { metadata });
      assertSame(await find({ project: 'shop' }), ['one', 'two']);
      assertSame(await find({ round: '1' }), ['one', 'three']);
      assertSame(await find({ round: '2' }), ['two']);
      assertSame(await find({ urgent: 'true', project: 'shop', round: '1' }), ['one']);
      assertSame(await find({ project: 'shop', round: '3' }), []);
      assertSame(await find({ project: 'shop', round: '1', text: 'no' }), []);
      assertSame(await find({ text: HARD_TEXT }), ['two']);
      assertSame(await find({ shop: 'project' }), []);
      await append(provider, two, sampleEvents(1, 1), {
        details: noted({ title: 'two', metadata: { round: 1 } }),
      });
      assertSame(await find({ project: 'shop' }), ['one']);
      assertSame(await find({ round: '1' }), ['one', 'three', 'two']);
      await provider.records.delete(two);
      assertSame(await find({ round: '1' }), ['one', 'three']);
    },
  ],
  [
    'all conditions of a filter hold for the used records and over all pages, too',
    async ({ provider }) => {
      const since = new Date(1_000_000);
      const created = Array.from({ length: 24 }, (_, index) =>
        sampleRecord({
          createdAt: new Date(1_000_000 + (index % 5)),
          lastActivityAt: new Date(1_000_000 - 12 + index),
          details: noted({
            title: index % 2 ? 'Even' : 'Odd',
            metadata: { third: index % 3 === 0 },
            archived: index % 4 < 2,
          }),
        }),
      );
      await Promise.all(created.map((record) => provider.records.create(record, null)));
      const filter = { archived: true, title: 'even', metadata: { third: 'true' } };
      const wanted = created.filter(
        ({ details }) =>
          details?.archived && details.title === 'Even' && details.metadata['third'] === true,
      );
      assert.ok(wanted.length >= 2);
      const used = await provider.records.usedSince('alice', since, 100, null, filter);
      assertSame(idsOf(used), idsOf(wanted.filter((record) => record.lastActivityAt >= since)));
      const listed: SessionRecord[] = [];
      for (;;) {
        const cursor = listed.at(-1) ?? null;
        // oxlint-disable-next-line no-await-in-loop -- a page begins where the previous one ended
        const page = await provider.records.list('alice', 1, cursor, filter);
        if (page.length === 0) break;
        listed.push(...page);
      }
      assertSame(idsOf(listed), idsOf(wanted));
    },
  ],
  [
    'records are listed in the order of their creation, page by page, whatever is used meanwhile',
    async ({ provider: { records } }) => {
      const created = Array.from({ length: 11 }, (_, index) =>
        sampleRecord({ createdAt: new Date(1_000_000 + (index % 3)) }),
      );
      await Promise.all(created.map((record) => records.create(record, null)));
      await records.create(sampleRecord({ owner: 'bob' }), null);
      const listed: SessionRecord[] = [];
      for (;;) {
        const cursor: CreationCursor | null = listed.at(-1) ?? null;
        /* oxlint-disable no-await-in-loop -- a page begins where the previous one ended */
        const page = await records.listCreated('alice', 2, cursor);
        assert.ok(page.length <= 2);
        if (page.length === 0) break;
        listed.push(...page);
        const [{ id } = { id: '' }] = created;
        await records.update(id, 1, { lastActivityAt: new Date(2_000_000 + listed.length) });
        /* oxlint-enable no-await-in-loop */
      }
      const sorted = [...created].sort(
        (a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? -1 : 1),
      );
      assertSame(
        listed.map(({ id }) => id),
        sorted.map(({ id }) => id),
      );
    },
  ],
  [
    'a listing of some states contains every record whose session may be in one of them',
    async ({ provider }) => {
      const statuses = ['idle', 'running', 'awaiting', 'dormant'] as const;
      for (const state of statuses) {
        const status = { state, pending: [], tasks: [] };
        const requests =
          state === 'awaiting' ? [{ seq: 1, openedAt: new Date(1_000_000) }] : undefined;
        /* oxlint-disable no-await-in-loop -- one after the other */
        const id = await createSession(provider, { details: noted({ title: state }) });
        await append(provider, id, sampleEvents(1, 1), {
          isUnfinished: state === 'running',
          summary: { firstSeq: 1, costUsd: 0, ...(provider.cluster && { status }) },
          ...(requests && { requests }),
        });
        const [first, second] = [statuses[0], state];
        assert.ok((await titles(provider, { states: [state] })).includes(state));
        assert.ok((await titles(provider, { states: [first, second] })).includes(state));
        /* oxlint-enable no-await-in-loop */
      }
      // One that runs nowhere is dormant.
      assert.ok((await titles(provider, { states: ['dormant'] })).includes('idle'));
    },
  ],
];

function noted(values: Partial<SessionDetails>): SessionDetails {
  return { ...NO_DETAILS, ...values };
}

/** Returns the titles of the records of an owner that a filter does not leave out, sorted. */
async function titles({ records }: StorageProvider, filter: RecordFilter): Promise<string[]> {
  const found = await records.list('alice', 100, null, filter);
  return found
    .map(({ details }) => details?.title ?? details?.messageTitle ?? '')
    .sort((a, b) => (a < b ? -1 : 1));
}
