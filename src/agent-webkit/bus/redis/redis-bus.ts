import { LinkedBus, type LinkTiming } from '../linked-bus.js';
import { loadRedis, type RedisClient } from './redis-client.js';
import { RedisEngine } from './redis-engine.js';

/**
 * A bus by PUBLISH and SUBSCRIBE of Redis, or of a server with its protocol, such as Valkey. It has two
 * connections. Its channels are named `agent-webkit:` and the address of a server.
 */
export class RedisBus extends LinkedBus {
  /** @internal */
  constructor(name: string, createClient: () => RedisClient, timing?: LinkTiming) {
    super(new RedisEngine(name, createClient), timing);
  }

  /**
   * Creates a bus. It does not connect before `open`.
   *
   * @param url such as `redis://user:password@host:6379`, or `rediss://...` for TLS
   * @throws TypeError when the URL is invalid
   * @throws TypeError when the package `redis` is not installed
   */
  static async connect(url: string): Promise<RedisBus> {
    const { name, createClient } = await redisAt(url);
    return new RedisBus(name, createClient);
  }
}

/** Returns the name of a Redis server for the log, and a function that creates a client for it. */
export async function redisAt(
  url: string,
): Promise<{ name: string; createClient: () => RedisClient }> {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed || !/^rediss?:$/.test(parsed.protocol) || !/^\/?\d*$/.test(parsed.pathname)) {
    // Without the URL, which may contain a password.
    throw new TypeError(
      'The URL of the bus must be such as redis://user:password@host:port or rediss://..., ' +
        'with special characters encoded, such as %40 for @.',
    );
  }
  const createClient = await loadRedis();
  return {
    name: `Redis at ${parsed.hostname || 'localhost'}:${parsed.port || 6379}`,
    createClient: () => createClient(url),
  };
}
