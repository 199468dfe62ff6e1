import { hasFrameOf } from '../../../protocol/sse-frames.js';
import { CursorAheadError, CursorEvictedError, CursorLostError } from '../../errors.js';
import type { Subscription } from '../../event-log/subscription.js';
import type { ReadableSession } from '../../session/readable-session.js';
import type { FollowedSession, KnownPosition, SessionFollower } from './followed-session.js';
import { toJointFrames } from './joint-frames.js';
import type { SessionNews } from './session-news.js';

/** The result of a reading of one session. */
export type MemberReading =
  /** The next events. `isDone` after the last one of the session. */
  | { readonly kind: 'frames'; readonly frames: readonly string[]; readonly isDone: boolean }
  /** Nothing at the moment. The stream is called when there is. */
  | { readonly kind: 'nothing' }
  /** Events up to the id `lastId` cannot be read any more. The next reading continues after it. */
  | { readonly kind: 'gap'; readonly lastId: number }
  /** The session was deleted. */
  | { readonly kind: 'gone' };

export interface JointMemberOptions {
  readonly id: string;
  readonly owner: string;
  /** The id of the last event that the client has. */
  readonly cursor: number;
  readonly known: KnownPosition;
  readonly news: SessionNews;
  /**
   * Resolves to true when the caller may still read the session. Null for its owner, who always may.
   *
   * It is called before an event that changes its members is delivered.
   */
  readonly isReadable: (() => Promise<boolean>) | null;
  /** Called when the caller may no longer read the session. */
  readonly onRefused: (member: JointMember) => void;
  /** Called when there may be something to read. */
  readonly onReadable: (member: JointMember) => void;
  /** Resolves to true when the storage has an event with an id: it is about to be published here. */
  readonly isStored: (id: number) => Promise<boolean>;
}

const NOTHING = { kind: 'nothing' } as const;

/** One session of a stream of several: the cursor of the stream in it, and its reader while there are events to read. */
export class JointMember implements SessionFollower {
  readonly id: string;
  readonly owner: string;
  /** The id of the last event that was read. */
  cursor: number;
  readonly #options: JointMemberOptions;
  readonly #followed: FollowedSession;
  #reader: Subscription | null = null;
  /** The session that is read. */
  #source: ReadableSession | null = null;
  #isClosed = false;
  /** The frames that were read, and may be delivered once the caller is known to have access. */
  #held: Buffer | null = null;
  #isChecking = false;
  /** True when the access was checked for the gap that is read next. */
  #isGapChecked = false;
  /** A cursor that the storage does not have. */
  #lostCursor: number | null = null;

  constructor(options: JointMemberOptions) {
    const { id, owner, cursor, known, news } = options;
    this.#options = options;
    this.id = id;
    this.owner = owner;
    this.cursor = cursor;
    this.#followed = news.follow(id, known, this);
  }

  /** The number of bytes published since the last reading. */
  get waitingBytes(): number {
    return this.#reader?.waitingBytes ?? 0;
  }

  /** How many events the stream is behind, since it has read the session. */
  get lag(): number {
    return this.#reader?.lag ?? 0;
  }

  onNews(): void {
    if (!this.#isClosed) this.#options.onReadable(this);
  }

  onReleased(): void {
    const isBehind = this.#source !== null && this.cursor !== this.#source.lastId;
    this.#stopReading();
    if (isBehind) this.onNews();
  }

  /** Returns the next events, until their frames reach `maxBytes`. */
  read(maxBytes: number): MemberReading {
    if (this.#isChecking) return NOTHING;
    if (this.#held) return this.#deliver(this.#held);
    const { source } = this.#followed;
    if (source === null) {
      if (this.#followed.isGone) return { kind: 'gone' };
      this.#followed.find();
      return NOTHING;
    }
    try {
      return this.#readFrom(source, maxBytes);
    } catch (error) {
      this.#stopReading();
      if (error instanceof CursorAheadError) return this.#onAhead(source);
      if (error instanceof CursorEvictedError || error instanceof CursorLostError) {
        return this.#gap(source);
      }
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#stopReading();
    this.#options.news.unfollow(this.#followed, this);
  }

  #readFrom(source: ReadableSession, maxBytes: number): MemberReading {
    if (this.#source !== source) this.#stopReading();
    this.#source = source;
    this.#reader ??= source.readerAt(this.cursor, () => this.onNews());
    const reading = this.#reader.readFrames(maxBytes);
    switch (reading.kind) {
      case 'frames':
        return this.#mayEndAccess(reading.bytes)
          ? this.#hold(reading.bytes)
          : this.#deliver(reading.bytes);
      case 'caught_up':
        return NOTHING;
      case 'ended':
        this.#stopReading();
        return source.endReason === 'deleted' ? { kind: 'gone' } : NOTHING;
      case 'overtaken':
        this.#stopReading();
        if (source.endReason === null) return this.#gap(source);
        if (source.endReason === 'deleted') return { kind: 'gone' };
        // The rest is only in the storage.
        this.#followed.find();
        return NOTHING;
      default:
        return reading satisfies never;
    }
  }

  #deliver(bytes: Buffer): MemberReading {
    const { frames, lastId, isDone } = toJointFrames(bytes, this.id);
    this.#held = null;
    this.cursor = lastId;
    return { kind: 'frames', frames, isDone };
  }

  #mayEndAccess(bytes: Buffer): boolean {
    return this.#options.isReadable !== null && hasFrameOf('members_changed', bytes);
  }

  #hold(bytes: Buffer): MemberReading {
    this.#held = bytes;
    void this.#checkAccess();
    return NOTHING;
  }

  async #checkAccess(): Promise<void> {
    this.#isChecking = true;
    const isReadable = (await this.#options.isReadable?.()) ?? true;
    this.#isChecking = false;
    if (this.#isClosed) return;
    if (isReadable) this.onNews();
    else this.#options.onRefused(this);
  }

  /** Events that are not read any more may have ended the access of the caller. */
  #gap(source: ReadableSession): MemberReading {
    if (this.#options.isReadable !== null && !this.#isGapChecked) {
      this.#isGapChecked = true;
      void this.#checkAccess();
      return NOTHING;
    }
    this.#isGapChecked = false;
    this.cursor = source.lastId;
    this.#lostCursor = null;
    return { kind: 'gap', lastId: this.cursor };
  }

  /** An event that another server has delivered, or that is stored and not published yet, is no gap. */
  #onAhead(source: ReadableSession): MemberReading {
    if (this.#lostCursor === this.cursor) return this.#gap(source);
    void this.#checkCursor();
    return NOTHING;
  }

  async #checkCursor(): Promise<void> {
    const { cursor } = this;
    // When the storage does not answer, the next event of the session repeats the check.
    const isStored = await this.#options.isStored(cursor).catch(() => true);
    if (isStored) return; // its publication calls the stream
    this.#lostCursor = cursor;
    this.onNews();
  }

  #stopReading(): void {
    this.#reader?.close();
    this.#reader = null;
    this.#source = null;
  }
}
