import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterServer, ClusterStore, Renewal } from '../cluster.js';
import type { EngineLogger } from '../engine-logger.js';
import { ShuttingDownError, StorageUnavailableError } from '../errors.js';
import { retry } from '../timing/retry.js';
import { TIMED_OUT, within } from '../timing/within.js';
import { LeaseClock } from './lease-clock.js';

export interface MembershipOptions {
  readonly store: Pick<ClusterStore, 'address' | 'leaseMs' | 'renew' | 'leave'>;
  /** Returns how many agents this server could start now. */
  readonly freeAgents: () => number;
  /**
   * Compares the sessions in memory with the storage, and ends those that other servers have taken over.
   * Called when the lease had lapsed. Rejects when the storage does not answer: it is then called again.
   */
  readonly compareSessions: () => Promise<void>;
  /** Called when there are unfinished sessions that this server could take over. */
  readonly onOrphans: () => void;
  /** Called after each renewal, with the time at which it began, as `performance.now()`. */
  readonly onRenewed: (since: number) => void;
  readonly logger: EngineLogger;
}

/** How often the lease is renewed while it is valid. */
const RENEWALS_PER_LEASE = 4;
/** How often a renewal is tried again after a failure. */
const RETRIES_PER_LEASE = 16;
/** The shortest time between two renewals, in milliseconds. */
const MIN_DELAY_MS = 50;
/** The shortest time between two renewals by which a server tells that it is not full any more, in milliseconds. */
const ANNOUNCE_MS = 250;
/** How long the end of the lease may wait for the storage when the server stops. */
const LEAVE_TIMEOUT_MS = 1000;

/**
 * This server's lease, and its view of the other servers.
 *
 * The event loop renews the lease, so that a server whose loop stands still loses it. The lease is
 * **certain** while less than its duration has passed since the begin of the last renewal that
 * succeeded: no other server has taken over a session then. After a lapse it is certain again when the
 * sessions in memory have been compared with the storage.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #clock = new LeaseClock();
  readonly #closed = new AbortController();
  /** By {@link LeaseClock}. */
  #validUntil = -Infinity;
  /** How often the lease was taken or had lapsed. */
  #lapses = 0;
  /** The value of {@link #lapses} at the begin of the last comparison that succeeded. */
  #comparedAt = 0;
  #isComparing = false;
  #others: readonly ClusterServer[] = [];
  #renewal: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isDraining = false;
  /** The number of agents in the last renewal, and when it began, as `performance.now()`. */
  #announced = 0;
  #renewedAt = -Infinity;
  #onLapsed: () => void = () => undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** The address of this server. */
  get address(): string {
    return this.#options.store.address;
  }

  /** True while the sessions in memory belong to this server for sure. */
  get isCertain(): boolean {
    return this.#comparedAt === this.#lapses && this.#clock.now() < this.#validUntil;
  }

  /** True while another server shares the storage. */
  get hasOthers(): boolean {
    return this.#others.length > 0;
  }

  /** The other servers whose leases were valid at the last renewal. */
  get others(): readonly ClusterServer[] {
    return this.#others;
  }

  /** True from {@link drain} to {@link resume}: this server takes over nothing. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Returns true when another server with this address had a valid lease at the last renewal. */
  isAlive(address: string): boolean {
    return this.#others.some((other) => other.address === address);
  }

  /**
   * Returns the other server that could start most agents, without those that drain; null when none
   * qualifies.
   *
   * @param min how many agents it can start at least
   */
  roomiest(min: number, except: ReadonlySet<string> = new Set()): ClusterServer | null {
    const [first = null] = this.#others
      .filter((other) => !other.isDraining && other.freeAgents >= min && !except.has(other.address))
      .sort((a, b) => b.freeAgents - a.freeAgents);
    return first;
  }

  /**
   * Returns {@link roomiest}. Asks the storage when this server knows of none: another one may have started,
   * or ended agents. Asks twice, because a server tells that a moment later.
   */
  async findRoomiest(min: number): Promise<ClusterServer | null> {
    for (const delayMs of [0, ANNOUNCE_MS + MIN_DELAY_MS]) {
      const known = this.roomiest(min);
      if (known) return known;
      /* oxlint-disable no-await-in-loop -- one look after the other */
      if (delayMs > 0) await delay(delayMs);
      await this.renew().catch(() => undefined); // reported by the storage's guard
      /* oxlint-enable no-await-in-loop */
      if (!this.hasOthers) break;
    }
    return this.roomiest(min);
  }

  /** Tells the others soon that this server can start agents again, if they know it as full. */
  announceRoom(): void {
    const { freeAgents } = this.#options;
    if (this.#announced > 0 || this.#isDraining || !this.hasOthers || freeAgents() === 0) return;
    if (this.#renewal) void this.#renewal.finally(() => this.announceRoom()).catch(() => undefined);
    else this.#renewIn(Math.max(0, this.#renewedAt + ANNOUNCE_MS - performance.now()));
  }

  /** Takes the lease, and starts to renew it. Retries until the storage answers, or {@link close} is called. */
  async open(): Promise<void> {
    const { signal } = this.#closed;
    await retry(() => this.renew(), {
      signal,
      isFinal: () => signal.aborted,
      onFailure: () => undefined, // reported by the storage's guard
    });
  }

  /** Renews the lease now, or joins a renewal that is under way. Rejects when the storage does not answer, and after {@link close}. */
  renew(): Promise<void> {
    if (this.#closed.signal.aborted) return Promise.reject(new ShuttingDownError());
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  /** Announces that this server takes over nothing any more. Resolves when the others can see it, or the storage does not answer. */
  drain(): Promise<void> {
    return this.#announceDraining(true);
  }

  /** Announces that this server takes over sessions again, as {@link drain} does. */
  resume(): Promise<void> {
    return this.#announceDraining(false);
  }

  async #announceDraining(isDraining: boolean): Promise<void> {
    this.#isDraining = isDraining;
    await this.#renewal?.catch(() => undefined);
    await this.renew().catch(() => undefined);
  }

  /** Resolves when the lease is not certain any more, which is noticed when a renewal fails. */
  lapsed(): Promise<void> {
    return new Promise((resolve) => (this.#onLapsed = resolve));
  }

  /** Stops the renewals, and ends the lease. Never rejects. */
  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    clearTimeout(this.#timer);
    const leave = async () => {
      // A renewal that arrives later would take the lease again.
      await this.#renewal?.catch(() => undefined);
      if (this.#lapses > 0) await this.#options.store.leave(); // it had a lease
    };
    await within(LEAVE_TIMEOUT_MS, leave()).catch(() => undefined); // it lapses by itself
    this.#validUntil = -Infinity;
    this.#others = [];
  }

  async #renew(): Promise<void> {
    const { store, freeAgents, onRenewed } = this.#options;
    const since = performance.now();
    const startedAt = this.#clock.now();
    const status = { freeAgents: freeAgents(), isDraining: this.#isDraining };
    this.#announced = status.freeAgents;
    this.#renewedAt = since;
    try {
      const renewal = await within(store.leaseMs / 2, store.renew(status));
      if (renewal === TIMED_OUT) {
        throw new StorageUnavailableError(new Error('A renewal of the lease timed out.'));
      }
      this.#renewed(renewal, startedAt);
      if (!this.#closed.signal.aborted) onRenewed(since);
    } catch (error) {
      this.#renewIn(store.leaseMs / RETRIES_PER_LEASE);
      if (!this.isCertain) this.#onLapsed();
      throw error;
    }
  }

  #renewed({ wasValid, others, hasOrphans, nextLapseMs }: Renewal, startedAt: number): void {
    if (this.#closed.signal.aborted) return;
    const { store, onOrphans } = this.#options;
    // The lease may have been renewed before by a request whose answer was lost, after others had taken over.
    const mayHaveLapsed = this.#clock.now() > this.#validUntil;
    if (!wasValid || mayHaveLapsed) this.#lapses += 1;
    this.#validUntil = startedAt + store.leaseMs;
    this.#others = others;
    if (this.#comparedAt !== this.#lapses) void this.#compare();
    if (hasOrphans && !this.#isDraining) onOrphans();
    // At the moment of a lapse, to take over at once.
    this.#renewIn(Math.min(store.leaseMs / RENEWALS_PER_LEASE, nextLapseMs ?? Infinity));
  }

  #renewIn(delayMs: number): void {
    if (this.#closed.signal.aborted) return;
    clearTimeout(this.#timer);
    const next = () => void this.renew().catch(() => undefined); // tried again, and reported by the storage's guard
    this.#timer = setTimeout(next, Math.max(MIN_DELAY_MS, Math.ceil(delayMs))).unref();
  }

  /** A failure, and a lapse during the comparison, are followed by another one after the next renewal. */
  async #compare(): Promise<void> {
    if (this.#isComparing) return;
    this.#isComparing = true;
    const lapses = this.#lapses;
    try {
      await this.#options.compareSessions();
      this.#comparedAt = lapses;
    } catch (error) {
      if (error instanceof StorageUnavailableError) return; // reported by the storage's guard
      const { logger } = this.#options;
      logger.warn(`Could not compare all sessions with the storage. Retrying: ${String(error)}`);
    } finally {
      this.#isComparing = false;
    }
  }
}
