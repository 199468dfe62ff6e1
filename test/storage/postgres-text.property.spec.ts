import { it } from '@jest/globals';
import { describePostgres, PostgresBench } from '../support/postgres.js';
import { checkText } from '../support/text-property.js';

describePostgres('any text', () => {
  it('is returned unchanged by every column of PostgreSQL, or rejected for good', async () => {
    const bench = new PostgresBench();
    try {
      await checkText(await bench.open(), 150);
    } finally {
      await bench.close();
    }
  });
});
