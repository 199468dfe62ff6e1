import type { Caller } from '../caller.js';
import { type AgentOffers, NO_OFFERS } from '../agent-offers.js';
import type { ClusterMember } from '../cluster/cluster-member.js';
import {
  decodeOffers,
  decodeOffersQuestion,
  encodeOffers,
  encodeOffersQuestion,
} from '../cluster/offers-question.js';
import type { StorageWait } from '../storage-guard/storage-wait.js';
import { TIMED_OUT, within } from '../timing/within.js';
import type { LiveSessions } from './live-sessions.js';
import type { SessionLookup } from './session-lookup.js';

export interface OfferReadsOptions {
  readonly live: Pick<LiveSessions, 'get'>;
  readonly lookup: SessionLookup;
  /** Returns null when only this server uses the storage. */
  readonly member: () => ClusterMember | null;
}

/** How long another server may take to reply, in milliseconds: longer than its agent. */
const REPLY_MS = 5000;

/** Asks the agents of sessions what they offer, here or at the server that runs the session. Starts no agent. */
export class OfferReads {
  readonly #options: OfferReadsOptions;

  constructor(options: OfferReadsOptions) {
    this.#options = options;
  }

  /**
   * Resolves to the offers of a session's agent; to {@link NO_OFFERS} when there is none, and when the server that
   * runs it does not reply.
   *
   * @throws SessionNotFoundError when it does not exist, or the caller may not read it
   */
  async read(id: string, caller: Caller, wait: StorageWait): Promise<AgentOffers> {
    const located = await this.#options.lookup.locate(id, caller, 'read', 0, wait);
    if (located.place === 'here') return this.#ask(id);
    if (located.place === 'stored') return NO_OFFERS;
    return this.#askElsewhere(located.server, id);
  }

  /** Answers the request of another server; null for a request of another kind. Never rejects. */
  receive(body: string): Promise<string> | null {
    const id = decodeOffersQuestion(body);
    return id === null ? null : this.#ask(id).then(encodeOffers);
  }

  async #ask(id: string): Promise<AgentOffers> {
    // A session that cannot be loaded has no agent.
    const session = await this.#options.live.get(id)?.catch(() => null);
    return session?.offers() ?? NO_OFFERS;
  }

  async #askElsewhere(server: string, id: string): Promise<AgentOffers> {
    const request = this.#options.member()?.request(server, encodeOffersQuestion(id));
    if (!request) return NO_OFFERS;
    try {
      const reply = await within(REPLY_MS, request.reply);
      return decodeOffers(reply === TIMED_OUT ? null : reply);
    } catch {
      // The storage's guard reports that the request could not be stored.
      return NO_OFFERS;
    } finally {
      request.end();
    }
  }
}
