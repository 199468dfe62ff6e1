import type { UnreadEvents } from '../../census.js';
import type { ClusterStore } from '../../cluster.js';
import type { ReadableSession } from '../../session/readable-session.js';
import type { SessionRecord, SessionRecordStore } from '../../storage.js';
import type { Fleet } from '../fleet.js';
import type { LiveSessions } from '../live-sessions.js';
import { FollowedSession, type KnownPosition, type SessionFollower } from './followed-session.js';

export interface SessionNewsOptions {
  readonly live: Pick<LiveSessions, 'get'>;
  readonly records: Pick<SessionRecordStore, 'list' | 'usedSince'>;
  /** Null for a storage that only this server uses. */
  readonly cluster: Pick<ClusterStore, 'positions'> | null;
  readonly fleet: Pick<Fleet, 'hasOthers'> | null;
  /** Finds a session for readers that have access. Retries while the storage is unavailable. */
  readonly find: (id: string, signal: AbortSignal) => Promise<ReadableSession>;
  readonly isRemote: (session: ReadableSession) => boolean;
}

/** Follows the sessions of an owner, also those that are created later. */
export interface OwnerFollower {
  /** Called when a session of the owner was created, was loaded, or had events. */
  onSession(id: string): void;
  /** Called when this server stops. */
  onEnd(): void;
  /** Returns what its reader has not read. */
  unread(): UnreadEvents;
}

interface Owner {
  readonly followers: Set<OwnerFollower>;
  /** The newest activity of a session of the owner that was seen. */
  newest: Date;
}

/** How often the storage is asked for the events of other servers, in milliseconds. */
const POLL_MS = 1000;
/** How many polls pass between two that compare all sessions of an owner. */
const WHOLE_EVERY = 30;
/** How far the clocks of two servers may differ for a new session to be found at once, in milliseconds. */
const MARGIN_MS = 10_000;
/** How many positions, or sessions of an owner, one query returns. */
const MAX_POSITIONS = 1000;
const MAX_SESSIONS = 500;
/** How many sessions are looked for at the same time. */
const MAX_LOOKUPS = 8;

/**
 * Tells streams of several sessions which of them have new events: at once those of sessions in this server's memory,
 * and at once or within a second those of other servers. It holds no events, and asks the storage only while a stream
 * is open and other servers share it: for the positions of all followed sessions in one query, and for the sessions of
 * each followed owner that were used lately.
 */
export class SessionNews {
  readonly #options: SessionNewsOptions;
  readonly #followed = new Map<string, FollowedSession>();
  readonly #owners = new Map<string, Owner>();
  readonly #closed = new AbortController();
  readonly #waiting: (() => void)[] = [];
  #lookups = 0;
  #timer: NodeJS.Timeout | undefined;
  #polls = 0;
  #isPolling = false;
  #hadOthers = false;

  constructor(options: SessionNewsOptions) {
    this.#options = options;
  }

  /** The number of followed sessions. */
  get size(): number {
    return this.#followed.size;
  }

  /**
   * Follows a session.
   *
   * @param known the position up to which its events are known; null when it is not read yet
   */
  follow(id: string, known: KnownPosition | null, follower: SessionFollower): FollowedSession {
    let followed = this.#followed.get(id);
    if (!followed) {
      const { isRemote } = this.#options;
      const position = known ?? { epoch: 0, lastSeq: 0 };
      followed = new FollowedSession({ id, known: position, isRemote, find: () => this.#find(id) });
      this.#followed.set(id, followed);
      this.#start();
    } else if (known) followed.compare(known);
    followed.followers.add(follower);
    return followed;
  }

  unfollow(followed: FollowedSession, follower: SessionFollower): void {
    followed.followers.delete(follower);
    if (followed.followers.size > 0) return;
    followed.close();
    if (this.#followed.get(followed.id) === followed) this.#followed.delete(followed.id);
    this.#stopIfUnused();
  }

  /** The number of streams that follow the sessions of an owner. */
  followersOf(ownerId: string): number {
    return this.#owners.get(ownerId)?.followers.size ?? 0;
  }

  /** Returns what the reader of each stream has not read. */
  unread(): UnreadEvents[] {
    const owners = [...this.#owners.values()];
    return owners.flatMap(({ followers }) => [...followers].map((follower) => follower.unread()));
  }

  /** Follows the sessions of an owner. Returns a function that ends it. */
  followOwner(id: string, follower: OwnerFollower): () => void {
    const owner = this.#owners.get(id) ?? { followers: new Set(), newest: new Date(0) };
    this.#owners.set(id, owner);
    owner.followers.add(follower);
    this.#start();
    return () => {
      owner.followers.delete(follower);
      if (owner.followers.size === 0) this.#owners.delete(id);
      this.#stopIfUnused();
    };
  }

  /** Call it with records of an owner's sessions that were just read. */
  seen(ownerId: string, records: readonly SessionRecord[]): void {
    const owner = this.#owners.get(ownerId);
    if (!owner) return;
    for (const { lastActivityAt } of records) {
      if (lastActivityAt > owner.newest) owner.newest = lastActivityAt;
    }
  }

  /**
   * Call it when events of a session in this server's memory were committed.
   *
   * @param readers the ids of its owner and of its members
   */
  committed(id: string, readers: readonly string[]): void {
    const followed = this.#followed.get(id);
    if (followed?.isLive) followed.notify();
    else if (followed) void followed.enter(this.#options.live.get(id));
    for (const reader of readers) this.#tell(reader, id);
  }

  /** Call it when a session has entered this server's memory. */
  async entered(id: string): Promise<void> {
    if (this.#followed.size === 0 && this.#owners.size === 0) return;
    const held = this.#options.live.get(id);
    void this.#followed.get(id)?.enter(held);
    const session = await held?.catch(() => null); // reported to those who load it
    if (session) this.#tell(session.owner, id);
  }

  /** Call it when a session was deleted, in memory or not. */
  deleted(id: string): void {
    this.#followed.get(id)?.delete();
  }

  /** Ends all streams, because this server stops. */
  close(): void {
    this.#closed.abort();
    clearInterval(this.#timer);
    for (const { followers } of this.#owners.values()) {
      for (const follower of followers) follower.onEnd();
    }
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  #tell(ownerId: string, id: string): void {
    for (const follower of this.#owners.get(ownerId)?.followers ?? []) follower.onSession(id);
  }

  /** Few at a time, because each one may be loaded: a client that reconnects can be behind in all sessions. */
  async #find(id: string): Promise<ReadableSession> {
    if (this.#lookups >= MAX_LOOKUPS) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#lookups += 1;
    try {
      return await this.#options.find(id, this.#closed.signal);
    } finally {
      this.#lookups -= 1;
      this.#waiting.shift()?.();
    }
  }

  #start(): void {
    if (this.isClosed) return;
    this.#timer ??= setInterval(() => this.#tick(), POLL_MS).unref();
  }

  #stopIfUnused(): void {
    if (this.#followed.size > 0 || this.#owners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    for (const followed of this.#followed.values()) followed.tick();
    const hasOthers = this.#options.fleet?.hasOthers ?? false;
    // Once more after the last of the others has left.
    if (hasOthers || this.#hadOthers) void this.#poll();
    this.#hadOthers = hasOthers;
  }

  async #poll(): Promise<void> {
    if (this.#isPolling) return;
    this.#isPolling = true;
    this.#polls += 1;
    try {
      await this.#comparePositions();
      await this.#lookForSessions(this.#polls % WHOLE_EVERY === 0);
    } catch {
      // Reported by the storage's guard. The next poll repeats it.
    } finally {
      this.#isPolling = false;
    }
  }

  async #comparePositions(): Promise<void> {
    const asked = [...this.#followed.values()].filter(({ isLive }) => !isLive);
    for (let from = 0; from < asked.length; from += MAX_POSITIONS) {
      const part = asked.slice(from, from + MAX_POSITIONS);
      // oxlint-disable-next-line no-await-in-loop -- one query at a time leaves the storage room for other work
      const found = await this.#options.cluster?.positions(part.map(({ id }) => id));
      const positions = new Map(found?.map((position) => [position.sessionId, position]));
      for (const followed of part) {
        if (followed.followers.size > 0) followed.compare(positions.get(followed.id));
      }
    }
  }

  async #lookForSessions(isWhole: boolean): Promise<void> {
    const { records } = this.#options;
    for (const [id, owner] of this.#owners) {
      const since = new Date(Math.max(0, owner.newest.getTime() - MARGIN_MS));
      const asked = isWhole
        ? records.list(id, MAX_SESSIONS, null)
        : records.usedSince(id, since, MAX_SESSIONS, null);
      const found = await asked; // oxlint-disable-line no-await-in-loop -- as above
      this.seen(id, found);
      for (const record of found) this.#tell(id, record.id);
    }
  }
}
