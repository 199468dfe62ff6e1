// Measures what it costs that any server serves any session: servers that share one PostgreSQL, connected by
// PostgreSQL, by Redis, or by no bus.
import { save } from '../figures.mjs';
import { findStorages } from '../storage/storages.mjs';
import { measureDeliveries } from './deliveries.mjs';
import { measureForwarding } from './forwarding.mjs';
import { measureGrowth } from './growth.mjs';
import { measureIdle } from './idle.mjs';
import { measureLatency } from './latency.mjs';
import { startRedis } from './redis.mjs';

export async function benchCluster(isBrief) {
  const { postgres } = await findStorages();
  if (!postgres) return;
  const redis = await startRedis();
  const fleets = {
    buses: redis ? ['postgres', 'redis', 'none'] : ['postgres', 'none'],
    redisUrl: redis?.url,
  };
  try {
    const deliveries = await measureDeliveries(isBrief, fleets);
    const latency = await measureLatency(isBrief, fleets);
    const forwarding = await measureForwarding(isBrief, fleets);
    const idle = await measureIdle(isBrief, fleets);
    const growth = await measureGrowth(isBrief, fleets);
    save('cluster', { deliveries, latency, forwarding, idle, growth });
  } finally {
    await redis?.stop();
  }
}
