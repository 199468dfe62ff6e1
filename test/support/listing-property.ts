import { expect } from '@jest/globals';
import * as fc from 'fast-check';
import { type ListCursor, listPage } from '../../src/agent-webkit/engine/registry/listing.js';
import type { StorageProvider } from '../../src/agent-webkit/engine/storage.js';
import { createSession } from '../../src/agent-webkit/storage/conformance/fixtures.js';

/** A change of one session between two pages. */
interface Change {
  kind: 'use' | 'delete' | 'create';
  index: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('use', 'use', 'use', 'delete', 'create'),
  index: fc.nat(11),
});

/**
 * Checks that over all pages of a listing each session that exists throughout appears, whatever
 * happens between the pages.
 */
export async function checkListing(provider: StorageProvider, numRuns: number): Promise<void> {
  const { records } = provider;
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 12 }),
      fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 20 }),
      async (limit, ages, changes) => {
        run += 1;
        const owner = `owner ${run}`;
        const create = (age: number) =>
          createSession(provider, { owner, lastActivityAt: new Date(Date.now() - age) });
        const ids = await Promise.all(ages.map(create));
        const deleted = new Set<string>();
        const apply = async ({ kind, index }: Change): Promise<void> => {
          const id = ids[index % ids.length] ?? '';
          if (kind === 'create') await create(0);
          else if (kind === 'delete') {
            deleted.add(id);
            await records.delete(id);
          } else if (!deleted.has(id)) {
            await records.update(id, 1, { lastActivityAt: new Date() });
          }
        };
        const seen = new Set<string>();
        let cursor: ListCursor | null = null;
        let pages = 0;
        /* oxlint-disable no-await-in-loop -- the pages and the changes follow each other */
        do {
          const page = await listPage(records, owner, limit, cursor);
          expect(page.records.length).toBeLessThanOrEqual(limit);
          for (const { id } of page.records) seen.add(id);
          for (const one of changes[pages] ?? []) await apply(one);
          cursor = page.next;
          pages += 1;
        } while (cursor);
        /* oxlint-enable no-await-in-loop */
        expect(ids.filter((id) => !deleted.has(id) && !seen.has(id))).toEqual([]);
      },
    ),
    { numRuns },
  );
}
