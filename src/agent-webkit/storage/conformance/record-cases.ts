import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { EMPTY_LOG, FencedError, type SessionRecord } from '../../engine/storage.js';
import {
  append,
  assertLog,
  assertRecord,
  assertSame,
  type Cases,
  claim,
  createSession,
  sampleEvents,
  sampleRecord,
} from './fixtures.js';

/** Guarantees about the records of existing sessions. */
export const recordCases: Cases = [
  [
    'a created record is returned unchanged, and an unknown one is null',
    async ({ provider, reopen }) => {
      const record = sampleRecord({ lastActivityAt: new Date('2026-02-03T04:05:06.789Z') });
      assertRecord(await provider.records.create(record, null), record);
      assertRecord(await provider.records.get(record.id), record);
      assert.equal(await provider.records.get(randomUUID()), null);
      assert.equal(await provider.records.claim(randomUUID()), null);
      if (reopen) assertRecord(await (await reopen()).records.get(record.id), record);
    },
  ],
  [
    'dates are returned as Date objects',
    async ({ provider }) => {
      const record = sampleRecord();
      await provider.records.create(record, null);
      const stored = await provider.records.get(record.id);
      assert.equal(stored?.createdAt.getTime(), record.createdAt.getTime());
      assert.equal(stored.lastActivityAt.getTime(), record.lastActivityAt.getTime());
    },
  ],
  [
    'a claim returns the complete record with its new epoch',
    async ({ provider }) => {
      const record = sampleRecord();
      await provider.records.create(record, null);
      const first = await provider.records.claim(record.id);
      const second = await provider.records.claim(record.id);
      assertRecord(first, { ...record, epoch: first?.epoch ?? 0 });
      assertRecord(second, { ...record, epoch: second?.epoch ?? 0 });
      assert.equal(new Set([1, first?.epoch, second?.epoch]).size, 3);
    },
  ],
  [
    'an update changes only the given fields',
    async ({ provider, reopen }) => {
      const record = sampleRecord();
      const other = sampleRecord();
      await provider.records.create(record, null);
      await provider.records.create(other, null);
      const lastActivityAt = new Date('2026-03-01T00:00:00.003Z');
      await provider.records.update(record.id, 1, { lastActivityAt });
      assertRecord(await provider.records.get(record.id), { ...record, lastActivityAt });
      const config = { ...record.config, model: 'opus', permissionMode: 'plan' as const };
      await provider.records.update(record.id, 1, { config });
      await provider.records.update(record.id, 1, {});
      const { records } = reopen ? await reopen() : provider;
      assertRecord(await records.get(record.id), { ...record, lastActivityAt, config });
      assertRecord(await records.get(other.id), other);
    },
  ],
  [
    'an update of a session that does not exist is rejected and creates none',
    async ({ provider }) => {
      const id = randomUUID();
      const update = provider.records.update(id, 1, { lastActivityAt: new Date() });
      await assert.rejects(update, FencedError);
      assert.equal(await provider.records.get(id), null);
    },
  ],
  [
    'an update at an older epoch is rejected and changes nothing',
    async ({ provider }) => {
      const { records } = provider;
      const record = sampleRecord();
      await records.create(record, null);
      const epoch = await claim(provider, record.id);
      const config = { ...record.config, model: 'opus' };
      await assert.rejects(records.update(record.id, 1, { config }), FencedError);
      assertRecord(await records.get(record.id), { ...record, epoch });
      await records.update(record.id, epoch, { config });
      assertRecord(await records.get(record.id), { ...record, epoch, config });
    },
  ],
  [
    'changes to passed or returned objects do not affect the stored record',
    async ({ provider: { records } }) => {
      const expected = sampleRecord();
      const given = structuredClone(expected);
      const created = await records.create(given, 'key');
      spoil(given);
      spoil(created);
      spoil(await records.get(expected.id));
      spoil((await records.list(expected.owner, 1, null))[0]);
      spoil(await records.create(sampleRecord(), 'key'));
      assertRecord(await records.get(expected.id), expected);
      const patch = {
        config: { ...expected.config, cwd: '/patched' },
        lastActivityAt: new Date(5),
      };
      const patched = { ...expected, ...structuredClone(patch) };
      await records.update(expected.id, 1, patch);
      patch.config.cwd = '/spoilt';
      patch.lastActivityAt.setTime(0);
      assertRecord(await records.get(expected.id), patched);
      const claimed = await records.claim(expected.id);
      const epoch = claimed?.epoch ?? 0;
      spoil(claimed);
      assertRecord(await records.get(expected.id), { ...patched, epoch });
    },
  ],
  [
    'a creation key creates one session per owner for as long as that session exists',
    async ({ provider, reopen }) => {
      const first = await provider.records.create(sampleRecord(), 'key');
      const { records } = reopen ? await reopen() : provider;
      assertRecord(await records.create(sampleRecord(), 'key'), first);
      const bobs = await records.create(sampleRecord({ owner: 'bob' }), 'key');
      const another = await records.create(sampleRecord(), 'other key');
      const [keyless, keyless2] = [sampleRecord(), sampleRecord()];
      await records.create(keyless, null);
      await records.create(keyless2, null);
      const ids = [first, bobs, another, keyless, keyless2].map(({ id }) => id);
      assert.equal(new Set(ids).size, 5);
      assert.equal(await records.count('alice'), 4);
      assert.equal(await records.count('bob'), 1);
      await records.delete(first.id);
      const anew = sampleRecord();
      assert.equal((await records.create(anew, 'key')).id, anew.id);
    },
  ],
  [
    'a repeated creation returns the current record',
    async ({ provider }) => {
      const { records } = provider;
      const { id } = await records.create(sampleRecord(), 'key');
      const epoch = await claim(provider, id);
      await records.update(id, epoch, { lastActivityAt: new Date(7) });
      assertRecord(await records.create(sampleRecord(), 'key'), await records.get(id));
    },
  ],
  [
    'a record has the summary of the last accepted append',
    async ({ provider, reopen }) => {
      const id = await createSession(provider);
      assertLog((await provider.records.get(id))?.log, EMPTY_LOG);
      await append(provider, id, sampleEvents(1, 3), { summary: { firstSeq: 1, costUsd: 0.125 } });
      const summary = { firstSeq: 3, costUsd: 1 / 3 };
      await append(provider, id, sampleEvents(4, 2), { summary });
      await provider.records.update(id, 1, { lastActivityAt: new Date(9) });
      const stale = append(provider, id, sampleEvents(6, 1), { epoch: 7 });
      await assert.rejects(stale, FencedError);
      const { records } = reopen ? await reopen() : provider;
      const log = { ...EMPTY_LOG, firstSeq: 3, lastSeq: 5, costUsd: 1 / 3 };
      assertLog((await records.list('alice', 1, null))[0]?.log, log);
      assertLog((await records.claim(id))?.log, log);
    },
  ],
  [
    'a record has the generations of the last accepted append that has any',
    async ({ provider, reopen }) => {
      const [id, other] = [await createSession(provider), await createSession(provider)];
      const epoch = await claim(provider, id);
      const generations = [
        { firstSeq: 1, offset: 0 },
        { firstSeq: 4, offset: 2 ** 31 },
        { firstSeq: 9, offset: Number.MAX_SAFE_INTEGER },
      ];
      const summary = { firstSeq: 2, costUsd: 0.5 };
      await append(provider, id, sampleEvents(1, 3), { epoch, summary });
      assertSame((await provider.records.get(id))?.log.generations, EMPTY_LOG.generations);
      await append(provider, id, sampleEvents(4, 1), {
        epoch,
        summary: { ...summary, generations: generations.slice(0, 2) },
      });
      await append(provider, id, sampleEvents(5, 5), {
        epoch,
        summary: { ...summary, generations },
      });
      await append(provider, id, sampleEvents(10, 1), { epoch, summary });
      const stale = append(provider, id, sampleEvents(11, 1), {
        summary: { ...summary, generations: EMPTY_LOG.generations },
      });
      await assert.rejects(stale, FencedError);
      const { records } = reopen ? await reopen() : provider;
      const log = { ...summary, lastSeq: 10, generations };
      assertLog((await records.get(id))?.log, log);
      assertLog((await records.claim(id))?.log, log);
      assertLog((await records.get(other))?.log, EMPTY_LOG);
    },
  ],
];

function spoil(record: SessionRecord | null | undefined): void {
  assert.ok(record);
  record.config.cwd = '/spoilt';
  record.lastActivityAt.setTime(0);
  record.epoch = 77;
}
