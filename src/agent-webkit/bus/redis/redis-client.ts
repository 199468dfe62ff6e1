/** The members of a client of `redis` that the bus needs. */
export interface RedisClient {
  on(event: 'error', listener: (error: Error) => void): unknown;
  connect(): Promise<unknown>;
  publish(channel: string, message: string): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  ping(): Promise<unknown>;
  /** Ends the connection at once. May be called again. */
  destroy(): void;
}

/** How long a connection may take, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5000;
const KEEP_ALIVE_MS = 10_000;

/**
 * Loads `redis`, an optional peer, and returns a function that creates a client. The client never connects
 * again by itself, and keeps no commands for later: the bus does both.
 *
 * @throws TypeError when it is not installed
 */
export async function loadRedis(): Promise<(url: string) => RedisClient> {
  const { createClient } = await importRedis();
  return (url) =>
    createClient({
      url,
      // Servers before Redis 6 have no other protocol.
      RESP: 2,
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: 'disabled',
      socket: {
        connectTimeout: CONNECT_TIMEOUT_MS,
        keepAlive: true,
        keepAliveInitialDelay: KEEP_ALIVE_MS,
        reconnectStrategy: false,
      },
    });
}

async function importRedis(): Promise<typeof import('redis')> {
  try {
    return await import('redis');
  } catch (cause) {
    if (!isModuleNotFound(cause)) throw cause;
    throw new TypeError('RedisBus requires the `redis` package. Run `npm install redis`.', {
      cause,
    });
  }
}

function isModuleNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}
