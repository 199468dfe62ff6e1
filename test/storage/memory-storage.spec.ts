import { describe, test } from '@jest/globals';
import { storageConformance } from '../../src/agent-webkit/storage/conformance.js';
import { MemoryStorage } from '../../src/agent-webkit/storage/memory/memory-storage.js';

describe('MemoryStorage', () => {
  const cases = storageConformance(() =>
    Promise.resolve({ provider: new MemoryStorage(), close: () => Promise.resolve() }),
  );
  test.each(cases)('$name', ({ run }) => run());
});
