import { it } from '@jest/globals';
import { checkListing } from '../support/listing-property.js';
import { describePostgres, PostgresBench } from '../support/postgres.js';

describePostgres('a listing in PostgreSQL, page by page', () => {
  it('shows each session that exists throughout, whatever is used between its pages', async () => {
    const bench = new PostgresBench();
    try {
      await checkListing(await bench.open(), 40);
    } finally {
      await bench.close();
    }
  });
});
