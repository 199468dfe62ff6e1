import { afterAll, beforeAll, test } from '@jest/globals';
import { PostgresBus } from '../../src/agent-webkit/bus/postgres/postgres-bus.js';
import { busConformance } from '../../src/testing.js';
import { describeOwnPostgres, OwnPostgres } from '../durability/own-postgres.js';

describeOwnPostgres('PostgresBus', () => {
  let postgres: OwnPostgres;
  beforeAll(async () => {
    postgres = await OwnPostgres.start();
  });
  afterAll(() => postgres.remove());

  const cases = busConformance(() => ({
    createBus: () => PostgresBus.connect(postgres.url),
    engine: { start: () => postgres.restart(), stop: () => postgres.kill() },
  }));
  test.each(cases)('$name', ({ run }) => run());
});
