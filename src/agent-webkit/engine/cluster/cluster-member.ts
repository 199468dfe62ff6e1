import { setTimeout as delay } from 'node:timers/promises';
import type { Bus } from '../bus.js';
import type { ClusterStore } from '../cluster.js';
import type { EngineLogger } from '../engine-logger.js';
import { ClusterMessages } from './cluster-messages.js';
import { Inbox } from './inbox.js';
import { Membership, type MembershipOptions } from './membership.js';
import { retry } from '../timing/retry.js';
import { within } from '../timing/within.js';
import { Outbox, type PendingRequest } from './outbox.js';

export interface ClusterMemberOptions extends Pick<
  MembershipOptions,
  'freeAgents' | 'compareSessions' | 'onOrphans'
> {
  readonly store: ClusterStore;
  /** Null for none. */
  readonly bus: Bus | null;
  /** Called after each renewal of the lease, when the other servers are known. */
  readonly onRenewed: () => void;
  /** Handles the body of another server's request, and resolves to the body of the reply. It must not reject. */
  readonly onRequest: (body: string) => Promise<string>;
  readonly logger: EngineLogger;
}

/** How long a server that stops waits for the storage, to learn whether there are others. */
const ANNOUNCE_TIMEOUT_MS = 300;

/** This server as one of those that share its storage. */
export class ClusterMember {
  readonly membership: Membership;
  readonly messages: ClusterMessages;
  readonly store: ClusterStore;
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;
  readonly #closed = new AbortController();

  constructor({ store, bus, onRequest, onRenewed, ...options }: ClusterMemberOptions) {
    const { address } = store;
    const messages = new ClusterMessages({ address, bus, logger: options.logger });
    this.store = store;
    this.messages = messages;
    this.#outbox = new Outbox({ store, messages });
    this.membership = new Membership({
      ...options,
      store,
      onRenewed: (since) => {
        this.#outbox.checkServers((other) => this.membership.isAlive(other), since);
        onRenewed();
      },
    });
    this.#inbox = new Inbox({
      store,
      messages,
      hasOthers: () => this.membership.hasOthers,
      handle: onRequest,
    });
  }

  /**
   * Takes the lease, and starts to receive requests. Retries until the storage answers, or {@link close} is
   * called; a server that was closed meanwhile does not join.
   */
  async open(): Promise<void> {
    const { signal } = this.#closed;
    const key = await retry(() => this.store.messageKey(), {
      signal,
      isFinal: () => signal.aborted,
      onFailure: () => undefined, // reported by the storage's guard
    });
    if (signal.aborted) return;
    await this.messages.open(key);
    if (signal.aborted) return;
    await this.membership.open();
    this.#inbox.open();
  }

  /** Sends a request to another server. */
  request(to: string, body: string): PendingRequest {
    return this.#outbox.request(to, body);
  }

  /**
   * Announces that this server takes over nothing any more. Resolves after a delay, in which load balancers
   * notice it; without other servers at once. Never rejects.
   */
  async drain(delayMs: number): Promise<void> {
    // A storage that does not answer must not delay the stop for longer.
    await within(ANNOUNCE_TIMEOUT_MS, this.membership.drain());
    if (this.membership.hasOthers) await delay(delayMs, undefined, { ref: false });
  }

  /** Ends the lease and everything else. Never rejects. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#inbox.close();
    this.#outbox.close();
    await Promise.all([this.membership.close(), this.messages.close()]);
  }
}
