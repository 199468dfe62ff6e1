import { setTimeout as delay } from 'node:timers/promises';
import type { OwnPostgres } from '../durability/own-postgres.js';
import type { Random } from '../durability/random.js';
import type { RealServer } from '../durability/real-server.js';
import type { OwnRedis } from '../support/own-redis.js';
import type { Site } from './site.js';

/** The lease of the servers that these faults happen to, in milliseconds: the shortest that is permitted. */
export const LEASE_MS = 1000;
/** The maximum time for which a server is frozen, and that for which the database or the bus is away. */
const MAX_FROZEN_MS = 3 * LEASE_MS;
const MAX_AWAY_MS = 1500;

/** Random faults of the servers of a site, their database and their bus. Those of servers overlap, while one is left. */
export class Faults {
  /** How often each fault has happened, by its name. */
  readonly counts = new Map<string, number>();
  readonly #site: Site;
  readonly #database: OwnPostgres;
  readonly #redis: OwnRedis;
  readonly #random: Random;
  /** The servers with a fault that is not over. */
  readonly #busy = new Map<RealServer, Promise<void>>();
  #failure: Error | null = null;

  constructor(site: Site, database: OwnPostgres, redis: OwnRedis, random: Random) {
    this.#site = site;
    this.#database = database;
    this.#redis = redis;
    this.#random = random;
  }

  /** Starts the next fault. @throws Error when an earlier one ended in another way than it should */
  async next(): Promise<void> {
    if (this.#failure) throw this.#failure;
    const place = this.#random.upTo(9);
    if (place <= 3) await this.#happen('SIGKILL', (server) => this.#kill(server));
    else if (place <= 5) await this.#happen('SIGSTOP', (server) => this.#freeze(server));
    else if (place <= 7) await this.#happen('SIGTERM', (server) => this.#stop(server));
    else if (place === 8) await this.#restart('database restart', this.#database);
    else await this.#restart('bus restart', this.#redis);
  }

  /** Resolves when all faults are over. @throws Error when one ended in another way than it should */
  async settle(): Promise<void> {
    await Promise.all(this.#busy.values());
    if (this.#failure) throw this.#failure;
  }

  async #happen(name: string, fault: (server: RealServer) => Promise<void>): Promise<void> {
    this.#note(name);
    const { servers } = this.#site;
    while (this.#busy.size >= servers.length - 1) {
      // oxlint-disable-next-line no-await-in-loop -- the first one that is over
      await Promise.race(this.#busy.values());
    }
    const free = servers.filter((server) => !this.#busy.has(server));
    const server = free[this.#random.upTo(free.length) - 1] as RealServer;
    const over = fault(server)
      .catch((error: Error) => void (this.#failure ??= error))
      .finally(() => this.#busy.delete(server));
    this.#busy.set(server, over);
  }

  async #kill(server: RealServer): Promise<void> {
    await server.kill();
    await server.start();
  }

  async #freeze(server: RealServer): Promise<void> {
    server.freeze();
    await delay(this.#random.next() * MAX_FROZEN_MS);
    server.thaw();
  }

  async #stop(server: RealServer): Promise<void> {
    const status = await server.stop();
    if (status !== 0) throw new Error(`A server that was stopped ended with ${status}.`);
    await server.start();
  }

  async #restart(name: string, restarted: OwnPostgres | OwnRedis): Promise<void> {
    this.#note(name);
    await restarted.kill();
    await delay(this.#random.next() * MAX_AWAY_MS);
    await restarted.restart();
  }

  #note(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}
