import { it } from '@jest/globals';
import { describeNeeding } from '../support/needs.js';
import { missingPgBouncer, OwnPgBouncer } from '../support/own-pgbouncer.js';
import { describeOwnRedis } from '../support/own-redis.js';
import { expectOneServer } from './one-server.js';
import { type BusKind, describeCluster, type World } from './world.js';

const describePgBouncer = describeNeeding(missingPgBouncer);

describePgBouncer('three servers behind PgBouncer in transaction mode', () => {
  describeCluster('are one server to a client', (world) => {
    it('with notifications on a connection of its own, by a second URL', async () => {
      const direct = await world.createDatabase();
      await expectBehind(world, 'postgres', direct, { AGENT_WEBKIT_POSTGRES_LISTEN_URL: direct });
    }, 90_000);

    it('without a bus', async () => {
      await expectBehind(world, 'none', await world.createDatabase());
    }, 90_000);

    describeOwnRedis('with Redis', () => {
      it('with messages over Redis', async () => {
        await expectBehind(world, 'redis', await world.createDatabase());
      }, 90_000);
    });
  });
});

async function expectBehind(
  world: World,
  bus: BusKind,
  direct: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const bouncer = await world.keep(OwnPgBouncer.start(world.postgres.port));
  const database = bouncer.urlOf(new URL(direct).pathname.slice(1));
  await expectOneServer(await world.open({ bus, database, settings }), world.client());
}
