import { describe, it } from '@jest/globals';
import { MemoryStorage } from '../../src/agent-webkit/storage/memory/memory-storage.js';
import { checkText } from '../support/text-property.js';
import { SqliteBench } from './sqlite-bench.js';

describe('any text', () => {
  it('is returned unchanged by every column in memory', () => checkText(new MemoryStorage(), 300));

  it('is returned unchanged by every column of SQLite, or rejected for good', async () => {
    const bench = await SqliteBench.create();
    try {
      await checkText(await bench.open(), 100);
    } finally {
      await bench.close();
    }
  });
});
