import { SessionNotFoundError } from '../../errors.js';
import type { Subscription } from '../../event-log/subscription.js';
import type { ReadableSession } from '../../session/readable-session.js';

/** How far a session has come in the storage, as far as this server knows. */
export interface KnownPosition {
  readonly epoch: number;
  readonly lastSeq: number;
}

/** A stream that follows a session. */
export interface SessionFollower {
  /** Called when there may be events to read, and when the session was deleted. */
  onNews(): void;
  /** Called when {@link FollowedSession.source} is about to be dropped. Close the readers of it. */
  onReleased(): void;
}

export interface FollowedSessionOptions {
  readonly id: string;
  readonly known: KnownPosition;
  /** Finds the session to read it: in memory, or loads it. Retries while the storage is unavailable. */
  readonly find: (id: string) => Promise<ReadableSession>;
  /** Returns true when a session that was found runs on another server, so that only its subscribers hear of its events. */
  readonly isRemote: (session: ReadableSession) => boolean;
}

/** How long a session that runs on another server is subscribed to after its last event, in milliseconds. */
const QUIET_MS = 30_000;

/**
 * A session that streams of several sessions on this server follow, shared by them. While there is nothing to read, it
 * is a few fields: the session need not be in memory, and is not kept there.
 */
export class FollowedSession {
  readonly id: string;
  readonly followers = new Set<SessionFollower>();
  /** The session, while it is in memory and had events. */
  source: ReadableSession | null = null;
  readonly #options: FollowedSessionOptions;
  /** Makes another server send the events of its session. */
  #subscription: Subscription | null = null;
  #known: KnownPosition;
  #isDeleted = false;
  /** How many lookups of the session are under way. */
  #lookups = 0;
  #isFinding = false;
  #mustRetry = false;
  #newsAt = performance.now();

  constructor(options: FollowedSessionOptions) {
    this.#options = options;
    this.#known = options.known;
    this.id = options.id;
  }

  /** True when the session does not exist any more, and nothing of it can be read. */
  get isGone(): boolean {
    return this.#isDeleted && this.source === null && this.#lookups === 0;
  }

  /** How far the session has come, as far as this server knows. */
  get known(): KnownPosition {
    return this.source ?? this.#known;
  }

  /** True when this server hears of every event at once. */
  get isLive(): boolean {
    return this.source !== null && this.source.endReason === null;
  }

  /** Call it when events were committed, or the storage is seen to have more. */
  notify(): void {
    this.#newsAt = performance.now();
    for (const follower of this.followers) follower.onNews();
  }

  /** Call it with the session when it is, or will be, in this server's memory, and had events. */
  async enter(held: Promise<ReadableSession | null> | undefined): Promise<void> {
    this.#lookups += 1;
    const session = await held?.catch(() => null); // reported to those who load it
    this.#lookups -= 1;
    if (session && session !== this.source && this.followers.size > 0) {
      this.#release();
      this.source = session;
    }
    this.notify();
  }

  /** Call it when the storage has a session at another position, or not at all. */
  compare(position: KnownPosition | undefined): void {
    const { epoch, lastSeq } = this.known;
    if (position?.epoch === epoch && position.lastSeq === lastSeq) return;
    if (this.isLive) return; // it hears of the events by itself
    if (position) this.#known = position;
    this.#drop();
    this.notify();
  }

  /** Call it when the session was deleted. Its last events can still be read if {@link source} has them. */
  delete(): void {
    this.#isDeleted = true;
    this.notify();
  }

  /** Looks for the session, whose events are then read. The streams are called when it is found, or is gone. */
  find(): void {
    if (!this.#isFinding && !this.#isDeleted) void this.#find();
  }

  /** Frees what is not needed any more. Call it every second. */
  tick(): void {
    const { source } = this;
    if (this.#mustRetry) {
      this.#mustRetry = false;
      this.notify();
    }
    if (source === null || source.endReason === 'deleted') return;
    const isQuiet = performance.now() - this.#newsAt >= QUIET_MS;
    if (source.endReason !== null || (isQuiet && this.#options.isRemote(source))) this.#drop();
  }

  /** Releases everything. Call it when no stream follows the session. */
  close(): void {
    this.#release();
    this.source = null;
  }

  async #find(): Promise<void> {
    this.#isFinding = true;
    this.#lookups += 1;
    try {
      const session = await this.#options.find(this.id);
      if (this.followers.size > 0 && !this.isLive) this.#adopt(session);
    } catch (error) {
      if (error instanceof SessionNotFoundError) this.#isDeleted = true;
      else this.#mustRetry = true;
    }
    this.#isFinding = false;
    this.#lookups -= 1;
    if (!this.#mustRetry) this.notify();
  }

  #adopt(session: ReadableSession): void {
    this.#drop();
    this.source = session;
    if (session.endReason !== null || !this.#options.isRemote(session)) return;
    try {
      this.#subscription = session.subscribeChecked(session.lastId, () => this.notify());
    } catch {
      // The session has the maximum number of subscribers. The positions in the storage tell of its events.
      this.source = session;
    }
  }

  #drop(): void {
    if (this.source === null) return;
    const { epoch, lastSeq } = this.source;
    this.#known = { epoch, lastSeq };
    this.#release();
    this.source = null;
  }

  #release(): void {
    if (this.source !== null) for (const follower of this.followers) follower.onReleased();
    this.#subscription?.close();
    this.#subscription = null;
  }
}
