import assert from 'node:assert/strict';
import { NO_DETAILS } from '../../engine/session-details.js';
import type { StorageProvider } from '../../engine/storage.js';
import type { NewUsage, UsageRow, UsageStore } from '../../engine/usage.js';
import { append, assertSame, type CaseBody, type Cases, claim, createSession } from './fixtures.js';
import { HARD_TEXT, rejectsAsFenced, rejectsAsGap, sampleEvents } from './fixtures.js';

type UsageStorage = StorageProvider & { readonly usage: UsageStore };

const DAY = '2026-03-01';
const LIMIT = 1000;

/** Skips the case for a storage without usage. */
function withUsage(
  body: (provider: UsageStorage, subject: Parameters<CaseBody>[0]) => Promise<void>,
): CaseBody {
  return async (subject) => {
    if (hasUsage(subject.provider)) await body(subject.provider, subject);
  };
}

function hasUsage(provider: StorageProvider): provider is UsageStorage {
  return provider.usage !== undefined;
}

function sampleRow(values: Partial<UsageRow> = {}): UsageRow {
  return {
    day: DAY,
    model: 'opus',
    costUsd: 0.1,
    inputTokens: 1,
    outputTokens: 20,
    cacheReadTokens: 300,
    cacheCreationTokens: 4000,
    turns: 1,
    ...values,
  };
}

function used(seq: number, values: Partial<UsageRow> = {}): NewUsage {
  return { seq, ...sampleRow(values) };
}

/** Returns the rows of an owner of all days, in the order of their days and models. */
async function readAll({ usage }: UsageStorage, owner = 'alice'): Promise<UsageRow[]> {
  const rows = await usage.read(owner, '0000-01-01', '9999-12-31', LIMIT);
  return rows.sort((a, b) => (a.day + a.model < b.day + b.model ? -1 : 1));
}

/** Guarantees about the usage of owners. */
export const usageCases: Cases = [
  [
    'usage is stored from the commit of its event on, with the name of its model unchanged',
    withUsage(async (provider, { reopen }) => {
      const id = await createSession(provider, { owner: HARD_TEXT });
      const row = sampleRow({ model: HARD_TEXT, costUsd: 1 / 4 });
      await append(provider, id, sampleEvents(1, 3), { usage: [{ seq: 2, ...row }] });
      const after = reopen ? await reopen() : provider;
      assert.ok(hasUsage(after));
      assertSame(await readAll(after, HARD_TEXT), [row]);
      assert.equal(await after.usage.costUsd(HARD_TEXT, DAY), 1 / 4);
      assertSame(await readAll(after, 'alice'), []);
      assert.equal(await after.usage.costUsd('alice', DAY), 0);
    }),
  ],
  [
    'usage of the same owner, day and model is added, also within one append, without the noise of fractions',
    withUsage(async (provider) => {
      const [first, second] = [await createSession(provider), await createSession(provider)];
      await append(provider, first, sampleEvents(1, 2), { usage: [used(1), used(2)] });
      await append(provider, second, sampleEvents(1, 1), { usage: [used(1, { turns: 0 })] });
      const sum = sampleRow({
        costUsd: 0.3,
        inputTokens: 3,
        outputTokens: 60,
        cacheReadTokens: 900,
        cacheCreationTokens: 12_000,
        turns: 2,
      });
      assertSame(await readAll(provider), [sum]);
      assert.equal(await provider.usage.costUsd('alice', DAY), 0.3);
    }),
  ],
  [
    'an append that is rejected adds no usage',
    withUsage(async (provider) => {
      const id = await createSession(provider);
      await rejectsAsGap(append(provider, id, sampleEvents(5, 1), { usage: [used(5)] }));
      await claim(provider, id);
      await rejectsAsFenced(append(provider, id, sampleEvents(1, 1), { usage: [used(1)] }));
      assertSame(await readAll(provider), []);
    }),
  ],
  [
    'an append that is repeated adds its usage once, and with new events only theirs',
    withUsage(async (provider) => {
      const id = await createSession(provider);
      const again = (count: number) =>
        append(provider, id, sampleEvents(1, count), {
          usage: Array.from({ length: count }, (_, index) => used(index + 1, { costUsd: 1 })),
        });
      await again(2);
      await again(2);
      await again(3);
      assert.equal(await provider.usage.costUsd('alice', DAY), 3);
      assert.equal((await readAll(provider))[0]?.turns, 3);
    }),
  ],
  [
    'usage is stored beside everything else that an append may have',
    withUsage(async (provider) => {
      const id = await createSession(provider);
      for (let parts = 0; parts < 8; parts += 1) {
        const seq = parts + 1;
        // oxlint-disable-next-line no-await-in-loop -- one append after the other
        await append(provider, id, sampleEvents(seq, 1), {
          usage: [used(seq, { costUsd: 2 ** parts })],
          ...(parts & 1 && { notifications: [{ id: `${id}:${seq}`, seq, body: '{}' }] }),
          ...(parts & 2 && { requests: [{ seq, openedAt: new Date(seq) }] }),
          ...(parts & 4 && { details: { ...NO_DETAILS, title: `title ${seq}` } }),
        });
      }
      assert.equal(await provider.usage.costUsd('alice', DAY), 255);
      assert.equal((await provider.records.get(id))?.details?.title, 'title 8');
    }),
  ],
  [
    'appends of several sessions at the same time add all of their usage',
    withUsage(async (provider, { join }) => {
      const owners = ['alice', 'bob'];
      const other = await join?.();
      const at = (index: number) => (other && index % 4 > 1 && hasUsage(other) ? other : provider);
      await Promise.all(
        Array.from({ length: 40 }, async (_, index) => {
          const owner = owners[index % 2] ?? '';
          const id = await createSession(at(index), { owner });
          const models = ['opus', 'haiku'].slice(0, (index % 3) + 1);
          const usage = models.map((model) => used(1, { model, costUsd: 0.25 }));
          await append(at(index), id, sampleEvents(1, 1), {
            usage: index % 2 === 0 ? usage : usage.toReversed(),
          });
        }),
      );
      const all = await Promise.all(owners.map((owner) => readAll(provider, owner)));
      const expected = owners.map((_, which) => {
        const own = Array.from({ length: 40 }, (__, index) => index).filter(
          (index) => index % 2 === which,
        );
        const both = own.filter((index) => index % 3 > 0);
        return [
          ['haiku', both.length, both.length / 4],
          ['opus', own.length, own.length / 4],
        ];
      });
      assertSame(
        all.map((rows) => rows.map(({ model, turns, costUsd }) => [model, turns, costUsd])),
        expected,
      );
    }),
  ],
  [
    'usage is read by owner and by a range of days, which contains both ends, up to a limit',
    withUsage(async (provider) => {
      const id = await createSession(provider);
      const days = ['2026-02-27', '2026-02-28', '2026-03-01', '2026-03-02'];
      const usage = days.map((day, index) => used(index + 1, { day, costUsd: index + 1 }));
      await append(provider, id, sampleEvents(1, 4), { usage });
      const read = async (from: string, to: string, limit = LIMIT) =>
        (await provider.usage.read('alice', from, to, limit)).map(({ day }) => day).sort();
      assertSame(await read('2026-02-28', '2026-03-01'), days.slice(1, 3));
      assertSame(await read('2026-03-02', '2026-03-02'), days.slice(3));
      assertSame(await read('2026-03-03', '2026-04-01'), []);
      assert.equal((await read('2026-01-01', '2026-12-31', 3)).length, 3);
      assert.equal(await provider.usage.costUsd('alice', '2026-02-28'), 2);
    }),
  ],
  [
    'usage outlives the deletion of its session, until its day is trimmed',
    withUsage(async (provider) => {
      const id = await createSession(provider);
      const usage = ['2026-02-28', DAY].map((day, index) => used(index + 1, { day }));
      await append(provider, id, sampleEvents(1, 2), { usage });
      await provider.records.delete(id);
      assert.equal((await readAll(provider)).length, 2);
      await provider.usage.trim(DAY);
      assertSame(await readAll(provider), [sampleRow()]);
      await provider.usage.trim('2026-03-02');
      assertSame(await readAll(provider), []);
    }),
  ],
  [
    'a correction with a negative cost, and large numbers of tokens, are stored as they are',
    withUsage(async (provider) => {
      const id = await createSession(provider);
      const row = sampleRow({ costUsd: -0.5, inputTokens: 1e12, turns: 0 });
      await append(provider, id, sampleEvents(1, 1), { usage: [{ seq: 1, ...row }] });
      assertSame(await readAll(provider), [row]);
    }),
  ],
];
