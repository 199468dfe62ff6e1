import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { storageConformance } from '../../src/agent-webkit/storage/conformance.js';
import { PostgresStorage } from '../../src/agent-webkit/storage/postgres/postgres-storage.js';
import { OwnPostgres } from '../durability/own-postgres.js';
import { describeNeeding } from '../support/needs.js';
import { missingPgBouncer, OwnPgBouncer } from '../support/own-pgbouncer.js';
import { createSubject, LEASE_MS } from './postgres-subject.js';

/** Fewer connections to the database than the storage has, so that its transactions change places. */
const POOL_SIZE = 3;

describeNeeding(missingPgBouncer)('PostgresStorage through PgBouncer in transaction mode', () => {
  let postgres: OwnPostgres;
  let bouncer: OwnPgBouncer;
  beforeAll(async () => {
    postgres = await OwnPostgres.start();
    bouncer = await OwnPgBouncer.start(Number(new URL(postgres.url).port), POOL_SIZE);
  }, 60_000);
  afterAll(async () => {
    await bouncer?.remove();
    await postgres?.remove();
  });

  const connect = (schema: string) =>
    PostgresStorage.connect(bouncer.url, { schema, leaseMs: LEASE_MS, poolMode: 'transaction' });

  const cases = storageConformance(() => {
    const schema = `test ${randomUUID()}`;
    return createSubject(() => connect(schema));
  });
  test.each(cases)('$name', ({ run }) => run());

  test('leaves no setting on the connections of the pooler', async () => {
    const storage = await connect('settings');
    await storage.open();
    await Promise.all(Array.from({ length: 20 }, () => storage.records.count('alice')));
    await storage.close();
    const client = new Client({ connectionString: bouncer.url });
    await client.connect();
    const names = ['statement_timeout', 'idle_in_transaction_session_timeout', 'search_path'];
    const { rows } = await client.query(
      'select current_setting(name) as value from unnest($1::text[]) as name',
      [names],
    );
    await client.end();
    expect(rows.map(({ value }: { value: string }) => value)).toEqual([
      '0',
      '0',
      '"$user", public',
    ]);
  });
});
