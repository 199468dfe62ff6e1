import type { Caller } from '../../caller.js';
import type { UnreadEvents } from '../../census.js';
import type { EventSubscription, FramesReading, Reading } from '../../event-log/subscription.js';
import { decodeFrames } from '../../../protocol/sse-frames.js';
import { encodeJointCursor } from './joint-cursor.js';
import { noticeFrame, withCursor } from './joint-frames.js';
import type { JointMember } from './joint-member.js';
import { gapFrame, JointMembers, type JointMembersOptions } from './joint-members.js';

export interface JointSubscriptionOptions extends Omit<
  JointMembersOptions,
  'onNotice' | 'onReadable'
> {
  /** How many commits wake the reader within one turn of the event loop, so that no log overtakes it. */
  readonly wakeEvery: number;
}

/** How many bytes of one session are read before the next session has its turn. */
const SLICE_BYTES = 8 * 1024;
/** How long events may be delivered without a cursor, in milliseconds. */
const POSITION_MS = 1000;
/** The number of bytes after which a cursor of one byte is sent with them. */
const BYTES_PER_CURSOR_BYTE = 10;
/** The size of a cursor, in characters: at most, for each session, and besides. */
const CURSOR_CHARS_EACH = 17;
const CURSOR_CHARS = 24;

const CAUGHT_UP = { kind: 'caught_up' } as const;
const ENDED = { kind: 'ended' } as const;

/**
 * A subscription to the events of several sessions, as the bytes of one stream. Sessions with events take turns, each
 * with a slice, so that a busy one does not hold up the others. Events that were not read stay in the logs.
 *
 * Every reading has whole frames. At most about a tenth of the bytes are cursors: the last frame of a reading has one
 * when enough bytes were read since the last one. After a second, the next reading has one in any case, if necessary in a
 * frame `stream_position`.
 */
export class JointSubscription implements EventSubscription {
  readonly #members: JointMembers;
  readonly #unfollow: () => void;
  readonly #wakeEvery: number;
  /** The sessions that may have events, in the order of their turns. */
  readonly #ready = new Set<JointMember>();
  /** Frames about the sessions themselves, which come before events. */
  #notices: string[] = [];
  #noticeBytes = 0;
  #onReadable: () => void = () => undefined;
  #wakeUp: NodeJS.Immediate | null = null;
  #unannounced = 0;
  #positionTimer: NodeJS.Timeout | undefined;
  #positionAt = -Infinity;
  #bytesSincePosition = 0;
  #hasEnded = false;
  #isClosed = false;

  private constructor(options: JointSubscriptionOptions) {
    const { news, caller, sessions, wakeEvery } = options;
    this.#wakeEvery = wakeEvery;
    this.#members = new JointMembers({
      ...options,
      onNotice: (frame) => this.#notice(frame),
      onReadable: (member) => this.#onNews(member),
    });
    this.#unfollow = news.followOwner(caller.id, {
      onSession: (id) => {
        if (sessions === null) this.#members.onSession(id);
      },
      onEnd: () => this.#end(),
      unread: () => this.#unread(),
    });
  }

  /**
   * Follows the sessions. The subscription is to be closed, also when nothing is read.
   *
   * @throws StorageUnavailableError
   */
  static async open(options: JointSubscriptionOptions): Promise<JointSubscription> {
    const subscription = new JointSubscription(options);
    try {
      await subscription.#members.start();
    } catch (error) {
      subscription.close();
      throw error;
    }
    return subscription;
  }

  /** Calls a function when there is something to read after a reading that returned nothing. */
  onReadable(callback: () => void): void {
    this.#onReadable = callback;
  }

  get waitingBytes(): number {
    let bytes = this.#noticeBytes;
    for (const member of this.#ready) bytes += member.waitingBytes;
    return bytes;
  }

  /** Returns the next frames as events, without the sessions that they belong to in their frames. */
  read(maxBytes: number): Reading {
    const reading = this.readFrames(maxBytes);
    if (reading.kind !== 'frames') return reading;
    return { kind: 'events', events: decodeFrames(reading.bytes) };
  }

  readFrames(maxBytes: number): FramesReading {
    const frames = this.#notices;
    let bytes = this.#noticeBytes;
    this.#notices = [];
    this.#noticeBytes = 0;
    while (bytes < maxBytes) {
      const [member] = this.#ready;
      if (!member) break;
      this.#ready.delete(member);
      for (const frame of this.#readMember(member)) {
        frames.push(frame);
        bytes += frame.length;
      }
    }
    const isBehind = this.#bytesSincePosition > 0 && this.#isPositionDue();
    if (frames.length === 0 && isBehind) frames.push(noticeFrame('stream_position', null, {}));
    if (frames.length === 0) return this.#hasEnded ? ENDED : CAUGHT_UP;
    this.#addPosition(frames, bytes);
    return { kind: 'frames', bytes: Buffer.from(frames.join(''), 'latin1') };
  }

  /** Removes the sessions that the caller may no longer read. */
  recheck(caller: Caller): Promise<void> {
    return this.#members.recheck(caller);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unfollow();
    this.#members.close();
    this.#ready.clear();
    clearTimeout(this.#positionTimer);
    if (this.#wakeUp) clearImmediate(this.#wakeUp);
  }

  #unread(): UnreadEvents {
    const lags = [...this.#ready].map(({ lag }) => lag);
    return { subscribers: 1, waitingBytes: this.waitingBytes, maxLag: Math.max(0, ...lags) };
  }

  #readMember(member: JointMember): readonly string[] {
    const reading = member.read(SLICE_BYTES);
    switch (reading.kind) {
      case 'nothing':
        return [];
      case 'gap':
        this.#ready.add(member);
        return [gapFrame(member.id, reading.lastId)];
      case 'gone':
        return this.#removed(member, []);
      case 'frames':
        if (reading.isDone) return this.#removed(member, reading.frames);
        this.#ready.add(member);
        return reading.frames;
      default:
        return reading satisfies never;
    }
  }

  /** Returns the last frames of a session that was deleted. */
  #removed(member: JointMember, frames: readonly string[]): string[] {
    this.#members.remove(member, 'session_deleted');
    const notices = this.#notices;
    this.#notices = [];
    this.#noticeBytes = 0;
    return [...frames, ...notices];
  }

  #addPosition(frames: string[], bytes: number): void {
    this.#bytesSincePosition += bytes;
    const size = CURSOR_CHARS + CURSOR_CHARS_EACH * this.#members.size;
    const last = frames.length - 1;
    if (last === 0 && frames[0]?.startsWith('id: ')) return;
    if (this.#isPositionDue() || this.#bytesSincePosition >= size * BYTES_PER_CURSOR_BYTE) {
      frames[last] = withCursor(frames[last] ?? '', encodeJointCursor(this.#members.position));
      this.#positionAt = performance.now();
      this.#bytesSincePosition = 0;
      clearTimeout(this.#positionTimer);
      this.#positionTimer = undefined;
      return;
    }
    this.#positionTimer ??= setTimeout(() => {
      this.#positionTimer = undefined;
      this.#positionAt = -Infinity;
      this.#onReadable();
    }, POSITION_MS).unref();
  }

  #isPositionDue(): boolean {
    return performance.now() - this.#positionAt >= POSITION_MS;
  }

  #onNews(member: JointMember): void {
    if (this.#isClosed) return;
    this.#members.touch(member);
    this.#ready.add(member);
    this.#wake();
  }

  #notice(frame: string): void {
    if (this.#isClosed) return;
    this.#notices.push(frame);
    this.#noticeBytes += frame.length;
    this.#wake();
  }

  #end(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  /** Once for everything that happens in one turn of the event loop, or earlier before a log overtakes the reader. */
  #wake(): void {
    this.#unannounced += 1;
    if (this.#unannounced >= this.#wakeEvery) return this.#announce();
    this.#wakeUp ??= setImmediate(() => this.#announce());
  }

  #announce(): void {
    if (this.#wakeUp) clearImmediate(this.#wakeUp);
    this.#wakeUp = null;
    this.#unannounced = 0;
    if (!this.#isClosed) this.#onReadable();
  }
}
