import { randomUUID } from 'node:crypto';
import type { ClusterStore } from '../cluster.js';
import type { ClusterMessages } from './cluster-messages.js';
import { announcement, MAIL, REPLY } from './mail-messages.js';

export interface OutboxOptions {
  readonly store: Pick<ClusterStore, 'address' | 'post' | 'replies' | 'withdraw'>;
  readonly messages: Pick<ClusterMessages, 'route' | 'send'>;
}

/** A request to another server. */
export interface PendingRequest {
  /**
   * Resolves to the body of the reply, or to null when the other server is gone without a reply. Rejects
   * when the request cannot be stored.
   */
  readonly reply: Promise<string | null>;
  /** Withdraws the request if it has no reply yet. Call it in any case. */
  readonly end: () => void;
}

interface Waiting {
  readonly to: string;
  /** As `performance.now()`. */
  readonly since: number;
  readonly resolve: (reply: string | null) => void;
}

/** The delays between the looks for replies, in milliseconds. The last one repeats. */
const DELAYS_MS = [250, 500, 1000];

/**
 * The requests of this server to other servers. A reply is announced over the bus. Without the bus,
 * this server looks for it once a second, and sooner at first.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  /** By the id of the request. */
  readonly #waiting = new Map<string, Waiting>();
  #isLooking = false;
  /** True when a reply was announced during a look. */
  #isAnnounced = false;
  #looks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    options.messages.route(REPLY, () => void this.#look());
  }

  /** Sends a request to another server. */
  request(to: string, body: string): PendingRequest {
    const { store, messages } = this.#options;
    const id = randomUUID();
    const reply = new Promise<string | null>((resolve) => {
      this.#waiting.set(id, { to, since: performance.now(), resolve });
    });
    const posted = store.post({ id, from: store.address, body }, to);
    const announced = posted.then(() => messages.send(to, announcement(MAIL)));
    this.#looks = 0;
    this.#lookLater();
    return {
      reply: Promise.race([reply, announced.then(() => reply)]),
      end: () => {
        if (!this.#waiting.delete(id)) return;
        const withdraw = () => store.withdraw(id).catch(() => undefined); // removed with the leases of both
        void posted.then(withdraw, withdraw);
        if (this.#waiting.size === 0) clearTimeout(this.#timer);
      },
    };
  }

  /**
   * Ends the requests to servers that are gone.
   *
   * @param isAlive returns true for a server whose lease was valid at a renewal
   * @param since when that renewal began, as `performance.now()`
   */
  checkServers(isAlive: (address: string) => boolean, since: number): void {
    for (const waiting of this.#waiting.values()) {
      // A server that joined since then is alive, and not known yet.
      if (waiting.since < since && !isAlive(waiting.to)) waiting.resolve(null);
    }
  }

  /** Ends all requests without a reply. */
  close(): void {
    clearTimeout(this.#timer);
    for (const { resolve } of this.#waiting.values()) resolve(null);
  }

  async #look(): Promise<void> {
    if (this.#waiting.size === 0) return;
    if (this.#isLooking) {
      this.#isAnnounced = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#isLooking = true;
    this.#isAnnounced = false;
    try {
      const replies = await this.#options.store.replies([...this.#waiting.keys()]);
      for (const { id, body } of replies) {
        this.#waiting.get(id)?.resolve(body);
        this.#waiting.delete(id);
      }
    } catch {
      // Reported by the storage's guard. The next look finds the replies.
    }
    this.#isLooking = false;
    if (this.#isAnnounced) void this.#look();
    else this.#lookLater();
  }

  #lookLater(): void {
    clearTimeout(this.#timer);
    if (this.#waiting.size === 0 || this.#isLooking) return;
    const delayMs = DELAYS_MS[Math.min(this.#looks, DELAYS_MS.length - 1)];
    this.#looks += 1;
    this.#timer = setTimeout(() => void this.#look(), delayMs).unref();
  }
}
