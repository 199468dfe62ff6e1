import { afterAll, beforeAll, test } from '@jest/globals';
import { RedisBus } from '../../src/agent-webkit/bus/redis/redis-bus.js';
import { busConformance } from '../../src/testing.js';
import { describeOwnRedis, OwnRedis } from '../support/own-redis.js';

describeOwnRedis('RedisBus', () => {
  let redis: OwnRedis;
  beforeAll(async () => {
    redis = await OwnRedis.start();
  });
  afterAll(() => redis.remove());

  const cases = busConformance(() => ({
    createBus: () => RedisBus.connect(redis.url),
    engine: { start: () => redis.restart(), stop: () => redis.kill() },
  }));
  test.each(cases)('$name', ({ run }) => run());
});
