import type { UnreadEvents } from '../census.js';
import type { WireEvent } from '../../protocol/events.js';
import { encodeFrame, type StreamEvent } from '../../protocol/sse-frames.js';
import {
  CursorAheadError,
  CursorEvictedError,
  CursorLostError,
  StorageUnavailableError,
} from '../errors.js';
import type { SessionDetails } from '../session-details.js';
import type { SessionEvent } from '../session-event.js';
import { retry } from '../timing/retry.js';
import type { Generations } from './generations.js';
import type { Appended } from './group-commit.js';
import { KeptEvents, type KeptEventsOptions } from './kept-events.js';
import type { Frames } from './packed-events.js';
import { SessionState } from './session-state.js';
import { Subscribers } from './subscribers.js';
import { type SubscribedLog, Subscription } from './subscription.js';

export interface CommittedEventsOptions extends KeptEventsOptions {
  /** The details in the record. @default nothing is noted */
  details?: SessionDetails | undefined;
  /** Called when the storage lacks events that should be kept, because another server trimmed them. */
  onMissing: () => void;
  /** Called when a subscriber's callback threw. Its subscription is closed; others are not affected. */
  onSubscriberError: (cause: unknown) => void;
}

/** A page of the log. */
export interface EventPage {
  events: readonly StreamEvent[];
  /** The id of the last event of the log. */
  lastId: number;
  hasMore: boolean;
}

interface LastReading {
  from: number;
  to: number;
  maxBytes: number;
  frames: Frames;
}

/** How many events one read of the storage returns for a subscriber. */
const MAX_READ = 1000;
/** The seq of a cursor without a position. It is before every window, so that its subscription is overtaken. */
const NO_POSITION = -1;

/** The state of the committed events of a log, and the ids of these events. */
export type CommittedLog = Pick<CommittedEvents, 'state' | 'idOf'>;

/**
 * The committed events of a log, as clients see them: in pages, by subscriptions, and as the state
 * they fold to. The log publishes each event here once, in order, after its commit.
 */
export class CommittedEvents implements SubscribedLog {
  /** The fold of every committed event. */
  readonly state: SessionState;
  readonly #options: CommittedEventsOptions;
  readonly #ids: Generations;
  readonly #kept: KeptEvents;
  readonly #subscribers: Subscribers;
  /** The last read, shared by subscribers with the same cursor. Dropped after all were woken. */
  #lastReading: LastReading | null = null;
  #lastSeq = 0;
  #hasEnded = false;

  constructor(options: CommittedEventsOptions) {
    this.#options = options;
    this.state = new SessionState(options, options.details);
    this.#ids = options.ids;
    this.#kept = new KeptEvents(options);
    this.#subscribers = new Subscribers(options.maxEvents, () => (this.#lastReading = null));
  }

  /** The seq of the first event of the window: it and every later one are kept. */
  get firstSeq(): number {
    return this.#kept.firstSeq;
  }

  /** The seq of the last committed event, 0 while there is none. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** The id of the first event of the window. */
  get firstId(): number {
    return this.#ids.idOf(this.firstSeq);
  }

  /** The id of the last committed event, 0 while there is none. */
  get lastId(): number {
    return this.#ids.idOf(this.#lastSeq);
  }

  /** Returns what {@link firstSeq} will be when the next events are published now. */
  firstSeqAfter(next: readonly SessionEvent[]): number {
    return this.#kept.firstSeqAfter(next);
  }

  /** Removes the events before a seq, except the newest event. */
  evictBefore(seq: number): void {
    this.#kept.evictBefore(seq);
  }

  /** Returns the id of an event. */
  idOf(seq: number): number {
    return this.#ids.idOf(seq);
  }

  get publishedBytes(): number {
    return this.#kept.totalBytes;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The events that subscribers have not read. */
  get unread(): UnreadEvents {
    return this.#subscribers.unread;
  }

  /** The number of open subscriptions. */
  get subscribers(): number {
    return this.#subscribers.size;
  }

  /**
   * Adds an event that was in the storage before the log was opened.
   *
   * @param at the time from which the event's age is counted, as `performance.now()`
   */
  restore(event: SessionEvent, wire: WireEvent, at: number): void {
    this.state.apply(event, wire);
    this.#kept.push(event, at);
    this.#lastSeq = event.seq;
  }

  /** Completes the opening of a log, after the last {@link restore}. */
  restored(): void {
    this.#kept.opened();
    this.#kept.expire();
  }

  /** Publishes events that were just committed. */
  publish(appended: readonly Appended[]): void {
    for (const { event, wire } of appended) {
      this.state.apply(event, wire);
      this.#kept.push(event);
      this.#lastSeq = event.seq;
    }
    this.#kept.expire();
    this.#kept.trim(() => this.#seqsKeptOlder());
    this.#subscribers.wake(appended.length);
  }

  /** Ends all subscriptions, each after its subscriber has read the remaining events. */
  end(): void {
    this.#hasEnded = true;
    this.#subscribers.wake(0);
  }

  /**
   * Reads one page after a cursor, which is an id: at most `limit` events, in addition to the open events from before
   * the window, which are all on the first page.
   *
   * @throws what {@link checkCursor} throws
   * @throws StorageUnavailableError when the storage cannot return the events
   */
  async read(cursor: number, limit: number): Promise<EventPage> {
    const after = this.checkCursor(cursor);
    const open = after === 0 ? this.#openBeforeKept() : [];
    const rest = Math.max(1, limit - open.length);
    const from = Math.max(after, this.firstSeq - 1);
    const next = this.#kept.held(from, rest) ?? (await this.#fetch(from, rest));
    if (next) {
      const lastRead = next.at(-1)?.seq ?? from;
      const hasMore = lastRead < this.#lastSeq;
      const events = [...open, ...next].map((event) => this.#toStreamEvent(event));
      return { events, lastId: this.lastId, hasMore };
    }
    if (from < this.firstSeq - 1) return this.read(cursor, limit);
    throw new StorageUnavailableError(null);
  }

  /** True when a cursor is not the id of an event that is or was in this log, nor 0. */
  isUnknown(cursor: number): boolean {
    const position = this.#ids.positionOf(cursor, this.#lastSeq);
    return position === 'ahead' || position === 'lost';
  }

  /**
   * Checks that the events after a cursor can be read now. Returns the seq of the cursor's event, 0 for
   * the cursor 0.
   *
   * @throws CursorEvictedError when the cursor is older than the oldest kept event
   * @throws CursorAheadError when the cursor is larger than the last id
   * @throws CursorLostError when no event of the log has this id
   */
  checkCursor(cursor: number): number {
    this.#kept.expire();
    const position = this.#ids.positionOf(cursor, this.#lastSeq);
    if (position === 'ahead') throw new CursorAheadError(cursor, this.lastId);
    if (position === 'lost') throw new CursorLostError(cursor);
    if (position === 'evicted' || (position > 0 && position < this.firstSeq - 1))
      throw new CursorEvictedError(cursor, this.firstId);
    return position;
  }

  /**
   * Subscribes to every event after a cursor, which is an id; 0 for every event that is kept.
   *
   * @param onReadable called when there is an event to read after a read returned none
   * @param onClose called once, when the subscription is closed
   * @throws what {@link checkCursor} throws
   */
  subscribe(after: number, onReadable: () => void, onClose: () => void): Subscription {
    this.checkCursor(after);
    return this.subscribeChecked(after, onReadable, onClose);
  }

  /** Subscribes after a cursor that {@link checkCursor} accepted. If it was evicted since, the first read is `overtaken`. */
  subscribeChecked(cursor: number, onReadable: () => void, onClose: () => void): Subscription {
    const position = this.#ids.positionOf(cursor, this.#lastSeq);
    const after = typeof position === 'number' ? position : NO_POSITION;
    const open = after === 0 ? this.#openBeforeKept() : [];
    const from = after === 0 ? this.firstSeq - 1 : after;
    const subscription = new Subscription(this, from, open, onReadable, onClose);
    this.#subscribers.add(subscription);
    return subscription;
  }

  /**
   * Reads events after a cursor as {@link subscribe} does, without a subscriber: the reader is not called when
   * events are published, and does not count.
   *
   * @param onReadable called when events that a read of the storage was started for are there
   * @throws what {@link checkCursor} throws
   */
  readerAt(cursor: number, onReadable: () => void): Subscription {
    const after = this.checkCursor(cursor);
    const open = after === 0 ? this.#openBeforeKept() : [];
    const from = after === 0 ? this.firstSeq - 1 : after;
    return new Subscription(this, from, open, onReadable, () => undefined);
  }

  unsubscribe(subscription: Subscription): void {
    this.#subscribers.remove(subscription);
  }

  /** Resolves when there are no subscribers. */
  unsubscribed(): Promise<void> {
    return this.#subscribers.none();
  }

  reportSubscriberError(cause: unknown): void {
    this.#options.onSubscriberError(cause);
  }

  frameOf(event: SessionEvent): string {
    return encodeFrame(this.#toStreamEvent(event));
  }

  framesAfter(cursor: number, maxBytes: number): Frames | null {
    const last = this.#lastReading;
    const isSame = last?.from === cursor && last.to === this.#lastSeq && last.maxBytes === maxBytes;
    if (isSame) return last.frames;
    const frames = this.#kept.heldFrames(cursor, maxBytes);
    if (!frames) return null;
    // Outside a wake-up only a full read is worth keeping: many subscribers may reconnect at once.
    const isShared = this.#subscribers.areWaking || frames.bytes.length >= maxBytes;
    if (isShared) this.#lastReading = { from: cursor, to: this.#lastSeq, maxBytes, frames };
    return frames;
  }

  fetchAfter(cursor: number, signal: AbortSignal): Promise<readonly SessionEvent[] | null> {
    return retry(() => this.#fetch(cursor, MAX_READ), {
      signal,
      isFinal: () => false,
      onFailure: () => undefined, // reported by the storage's guard
    });
  }

  async #fetch(cursor: number, limit: number): Promise<readonly SessionEvent[] | null> {
    const events = await this.#kept.fetch(cursor, limit);
    const isKept = cursor >= this.firstSeq - 1;
    if (!events && isKept && !this.#hasEnded) this.#options.onMissing();
    return events;
  }

  #toStreamEvent({ seq, name, data }: SessionEvent): StreamEvent {
    return { id: this.#ids.idOf(seq), name, data };
  }

  /**
   * The open events from before the window. An event that closes one of them may be appended and not
   * committed; if its commit fails, the open event is still open.
   */
  #openBeforeKept(): SessionEvent[] {
    return this.state.openEvents().filter((event) => event.seq < this.firstSeq);
  }

  /** The seqs of the events from before the window that stay in the storage: the open ones, and those of decisions. */
  #seqsKeptOlder(): number[] {
    const decided = this.state.decisions.seqs.filter((seq) => seq < this.firstSeq);
    return [...this.#openBeforeKept().map(({ seq }) => seq), ...decided];
  }
}
