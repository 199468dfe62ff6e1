import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterStore } from '../cluster.js';
import type { EngineLogger } from '../engine-logger.js';
import type { Appended } from '../event-log/group-commit.js';
import type { ReadableSession } from '../session/readable-session.js';
import { Followers } from '../tails/followers.js';
import { Following } from '../tails/following.js';
import type { TailOptions } from '../tails/session-tail.js';
import { SubscriberCounts } from '../tails/subscriber-counts.js';
import { readEvents, readFollow, readPosition } from '../tails/tail-messages.js';
import { Tails } from '../tails/tails.js';
import { within } from '../timing/within.js';
import { DRAIN_TIMEOUT_MS } from './end-sessions.js';
import { MovingSubscription } from './moving-subscription.js';
import { SessionReads, type SessionReadsOptions } from './session-reads.js';

/** How long the last event of a deleted session is kept for readers on other servers: two of their polls. */
const LAST_EVENT_MS = 2000;

/** The short messages between servers. Any of them may be lost. Those of one server arrive in order, each at most once. */
export interface ServerMessages {
  /** The maximum size of a message, in bytes of UTF-8; 0 when none can be sent. */
  readonly maxBytes: number;
  /** Passes each message of a type, as parsed from JSON, to a handler. */
  route(type: string, handler: (message: object) => void): void;
  send(address: string, text: string): void;
}

export interface SharedSessionsOptions extends Omit<SessionReadsOptions, 'tails'> {
  storage: SessionReadsOptions['storage'] & { readonly events: TailOptions['events'] };
  cluster: Pick<ClusterStore, 'address' | 'positions' | 'setSubscribers' | 'subscribersElsewhere'>;
  messages: ServerMessages;
  limits: TailOptions['limits'];
  logger: EngineLogger;
}

/** The sessions of a storage that servers share, as readers on this server find and follow them. */
export class SharedSessions {
  readonly tails: Tails;
  readonly reads: SessionReads;
  readonly #options: SharedSessionsOptions;
  readonly #followers: Followers;
  readonly #following: Following;
  readonly #counts: SubscriberCounts;

  constructor(options: SharedSessionsOptions) {
    const { storage, cluster, messages, limits, fleet, live, logger } = options;
    const { maxBytes } = messages;
    const hasOthers = () => fleet.hasOthers;
    const send = (address: string, text: string) => messages.send(address, text);
    this.#options = options;
    this.#counts = new SubscriberCounts({ cluster, hasOthers, count: (id) => this.#count(id) });
    this.#following = new Following({ address: cluster.address, maxBytes, send });
    this.#followers = new Followers({
      maxBytes,
      send,
      lastSeqOf: async (id) => (await live.peek(id))?.lastSeq ?? null,
      onNone: (id) => void live.peek(id).then((session) => session?.onUnfollowed()),
    });
    this.tails = new Tails({
      events: storage.events,
      records: storage.records,
      cluster,
      limits,
      hasOthers,
      onChanged: (tail) => {
        if (maxBytes > 0) this.#following.update(tail);
        this.#counts.changed(tail.id);
      },
      onSubscriberError: (id, cause) =>
        logger.error(`Session ${id}: a subscriber threw an error. Closing it.`, cause),
    });
    this.reads = new SessionReads({ ...options, tails: this.tails });
    this.#route(messages);
  }

  /** Returns true when another server has subscribers of a session that this one runs. */
  isFollowed(sessionId: string): boolean {
    return this.#followers.has(sessionId);
  }

  /**
   * Resolves to true when a session has subscribers that do not follow the session in this server's memory, if
   * it is there. Rejects when the storage cannot be read.
   */
  async isReadElsewhere(sessionId: string): Promise<boolean> {
    const { cluster, fleet } = this.#options;
    if ((this.tails.peek(sessionId)?.subscribers ?? 0) > 0 || this.isFollowed(sessionId))
      return true;
    return fleet.hasOthers && (await cluster.subscribersElsewhere([sessionId])).size > 0;
  }

  /** Call it when a session has entered the memory of this server. */
  entered(sessionId: string): void {
    this.tails.end(sessionId, 'moved');
  }

  /** Call it when events of a session in memory were committed. */
  committed(
    sessionId: string,
    appended: readonly Appended[],
    ids: { idOf(seq: number): number },
  ): void {
    this.#followers.committed(sessionId, appended, ids);
  }

  /** Resolves when the readers on other servers have the last event of a deleted session, or took too long. */
  async lastEventRead(sessionId: string): Promise<void> {
    const { cluster, fleet } = this.#options;
    if (!fleet.hasOthers) return;
    if (this.isFollowed(sessionId)) {
      await within(LAST_EVENT_MS, this.#followers.none(sessionId));
      return;
    }
    // Without messages, they find it by their next poll.
    const ids = [sessionId];
    const elsewhere = await cluster.subscribersElsewhere(ids).catch(() => new Map());
    if (elsewhere.size > 0) await delay(LAST_EVENT_MS, undefined, { ref: false });
  }

  /** Call it when the number of subscribers of a session in memory has changed. */
  subscribersChanged(sessionId: string): void {
    this.#counts.changed(sessionId);
  }

  /** Call it when the lease of this server had lapsed. */
  leaseLapsed(): void {
    this.#counts.lost();
  }

  /** Subscribes after a cursor that was checked. The subscription goes on when the session moves. */
  subscribe(session: ReadableSession, after: number, onReadable: () => void): MovingSubscription {
    return new MovingSubscription(session, after, onReadable, {
      survivesLoss: true,
      find: (_, signal) => this.reads.again(session.id, signal),
    });
  }

  /** Ends all tails. Resolves when their subscribers have read the last events, or took too long. */
  async close(): Promise<void> {
    this.#counts.close();
    await within(DRAIN_TIMEOUT_MS, this.tails.close());
    this.#following.close();
    this.#followers.close();
  }

  #route(messages: ServerMessages): void {
    messages.route('follow', (message) => {
      const follow = readFollow(message);
      if (follow) void this.#followers.follow(follow);
    });
    messages.route('unfollow', (message) => {
      const follow = readFollow(message);
      if (follow) this.#followers.unfollow(follow);
    });
    messages.route('events', (message) => {
      const read = readEvents(message);
      if (read) this.tails.peek(read.session)?.push(read.events, read.id);
    });
    messages.route('position', (message) => {
      const position = readPosition(message);
      if (position) this.tails.peek(position.session)?.hint(position.seq);
    });
  }

  async #count(id: string): Promise<number> {
    const held = await this.#options.live.peek(id);
    return (held?.subscribers ?? 0) + (this.tails.peek(id)?.subscribers ?? 0);
  }
}
