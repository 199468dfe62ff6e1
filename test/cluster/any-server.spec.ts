import { it } from '@jest/globals';
import { describeOwnRedis } from '../support/own-redis.js';
import { expectOneServer } from './one-server.js';
import { describeCluster } from './world.js';

describeCluster('servers behind a balancer that goes round', (world) => {
  it.each([2, 3])(
    'are one server to a client: %i of them',
    async (servers) => {
      await expectOneServer(await world.open({ servers }), world.client());
    },
    90_000,
  );

  it('are one server to a client without a bus', async () => {
    await expectOneServer(await world.open({ bus: 'none' }), world.client());
  }, 90_000);

  describeOwnRedis('with Redis', () => {
    it('are one server to a client', async () => {
      await expectOneServer(await world.open({ bus: 'redis' }), world.client());
    }, 90_000);
  });
});
