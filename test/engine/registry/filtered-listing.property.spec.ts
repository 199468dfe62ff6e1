import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { NO_DETAILS } from '../../../src/agent-webkit/engine/session-details.js';
import {
  listCreatedPage,
  listPage,
  type RecordPage,
} from '../../../src/agent-webkit/engine/registry/listing.js';
import {
  append,
  createSession,
  sampleEvents,
} from '../../../src/agent-webkit/storage/conformance/fixtures.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';

/** A change of one session between two pages: it is used, or archived and taken back. */
const change = fc.record({ index: fc.nat(9), kind: fc.constantFrom('use', 'toggle') });

const page = fc.array(change, { maxLength: 3 });

describe('a filtered listing of sessions that change meanwhile', () => {
  it.each(['activity', 'created'] as const)(
    'has each session that matches throughout, and none that never does, in the order of %s',
    async (order) => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 4 }),
          fc.array(fc.record({ age: fc.nat(3000), archived: fc.boolean() }), {
            minLength: 1,
            maxLength: 10,
          }),
          fc.array(page, { maxLength: 12 }),
          async (limit, sessions, changes) => {
            const storage = new MemoryStorage();
            const { records } = storage;
            const archived = new Map<string, boolean>();
            const [always, ever] = [new Set<string>(), new Set<string>()];
            for (const { age, archived: isArchived } of sessions) {
              const at = new Date(Date.now() - age);
              // oxlint-disable-next-line no-await-in-loop -- one after the other
              const id = await createSession(storage, {
                createdAt: at,
                lastActivityAt: at,
                details: { ...NO_DETAILS, archived: isArchived },
              });
              archived.set(id, isArchived);
              if (!isArchived) for (const set of [always, ever]) set.add(id);
            }
            const ids = [...archived.keys()];
            const events = new Map<string, number>();
            const apply = async ({ index, kind }: { index: number; kind: string }) => {
              const id = ids[index % ids.length] ?? '';
              if (kind === 'use') {
                await records.update(id, 1, { lastActivityAt: new Date() });
                return;
              }
              const isArchived = !archived.get(id);
              archived.set(id, isArchived);
              if (isArchived) always.delete(id);
              else ever.add(id);
              const seq = (events.get(id) ?? 0) + 1;
              events.set(id, seq);
              await append(storage, id, sampleEvents(seq, 1), {
                details: { ...NO_DETAILS, archived: isArchived },
              });
            };
            const filter = { archived: false };
            const seen: string[] = [];
            let cursor: unknown = null;
            let count = 0;
            do {
              const read: Promise<RecordPage<unknown>> =
                order === 'created'
                  ? listCreatedPage(records, 'alice', limit, cursor as never, filter)
                  : listPage(records, 'alice', limit, cursor as never, filter);
              // oxlint-disable-next-line no-await-in-loop -- one page after the other
              const found = await read;
              expect(found.records.length).toBeLessThanOrEqual(limit);
              seen.push(...found.records.map(({ id }) => id));
              // oxlint-disable-next-line no-await-in-loop -- between the pages
              for (const one of changes[count] ?? []) await apply(one);
              cursor = found.next;
              count += 1;
            } while (cursor !== null);
            expect([...always].filter((id) => !seen.includes(id))).toEqual([]);
            expect(seen.filter((id) => !ever.has(id))).toEqual([]);
            if (order === 'created') expect(new Set(seen).size).toBe(seen.length);
          },
        ),
        { numRuns: 200 },
      );
    },
  );
});
