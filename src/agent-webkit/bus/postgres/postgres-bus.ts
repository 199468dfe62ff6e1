import {
  createPool,
  type OwnPool,
  type PostgresPool,
} from '../../storage/postgres/postgres-pool.js';
import { LinkedBus, type LinkTiming } from '../linked-bus.js';
import { PostgresEngine } from './postgres-engine.js';

/** Options of a {@link PostgresBus} that uses a pool of the host. */
export interface PostgresBusOptions {
  /**
   * A `Pool` of `pg`, one connection of which is in use for as long as the bus is open. It must connect to
   * the database directly, or through a proxy that gives each connection its own session: not through PgBouncer
   * in the mode `transaction`. The host listens to the `error` event of the pool, and ends the pool after the engine is stopped.
   */
  pool: PostgresPool;
}

/**
 * A bus by LISTEN and NOTIFY of PostgreSQL. It has one connection of its own. Notifications are sent in
 * transactions of their own, so that they never delay the commit of another one.
 */
export class PostgresBus extends LinkedBus {
  constructor(options: PostgresBusOptions);
  /** @internal */
  constructor(options: PostgresBusOptions, ownPool?: OwnPool, timing?: LinkTiming);
  constructor({ pool }: PostgresBusOptions, ownPool?: OwnPool, timing?: LinkTiming) {
    super(new PostgresEngine(pool, ownPool), timing);
  }

  /**
   * Creates a bus with its own connection, which `close` ends. It does not connect before `open`.
   *
   * @param url such as `postgres://user:password@host:5432/database`, of the database itself, not of PgBouncer
   * @throws TypeError when the URL is invalid
   * @throws PostgresError when the package `pg` is not installed
   */
  static async connect(url: string): Promise<PostgresBus> {
    // The error of pg contains the password.
    if (!URL.canParse(url)) {
      throw new TypeError(
        'The URL of the bus must be such as postgres://user:password@host:port/database, ' +
          'with special characters encoded, such as %40 for @.',
      );
    }
    const ownPool = await createPool(url, {
      maxConnections: 1,
      timeoutMs: 5000,
      poolMode: 'session',
    });
    return new PostgresBus({ pool: ownPool.pool }, ownPool);
  }
}
