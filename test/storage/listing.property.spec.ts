import { describe, it } from '@jest/globals';
import { MemoryStorage } from '../../src/agent-webkit/storage/memory/memory-storage.js';
import { checkListing } from '../support/listing-property.js';
import { SqliteBench } from './sqlite-bench.js';

describe('a listing, page by page', () => {
  it('shows each session that exists throughout, whatever is used between its pages, in memory', () =>
    checkListing(new MemoryStorage(), 300));

  it('shows each session that exists throughout, whatever is used between its pages, in SQLite', async () => {
    const bench = await SqliteBench.create();
    try {
      await checkListing(await bench.open(), 40);
    } finally {
      await bench.close();
    }
  });
});
