import { test } from '@jest/globals';
import { storageConformance } from '../../src/agent-webkit/storage/conformance.js';
import type { PostgresStorage } from '../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { describePostgres, PostgresBench } from '../support/postgres.js';

describePostgres('PostgresStorage', () => {
  const cases = storageConformance(async () => {
    const bench = new PostgresBench();
    let provider: PostgresStorage = await bench.open();
    return {
      provider,
      reopen: async () => {
        await bench.closeStorage(provider);
        provider = await bench.open();
        return provider;
      },
      close: () => bench.close(),
    };
  });
  test.each(cases)('$name', ({ run }) => run());
});
