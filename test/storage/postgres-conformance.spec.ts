import { test } from '@jest/globals';
import { storageConformance } from '../../src/agent-webkit/storage/conformance.js';
import { PostgresStorage } from '../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { describePostgres, PostgresBench } from '../support/postgres.js';
import { createSubject, LEASE_MS } from './postgres-subject.js';

describePostgres('PostgresStorage', () => {
  const cases = storageConformance(() => {
    const bench = new PostgresBench();
    const { url, schema } = bench;
    const connect = () => PostgresStorage.connect(url, { schema, leaseMs: LEASE_MS });
    return createSubject(connect, () => bench.close());
  });
  test.each(cases)('$name', ({ run }) => run());
});
