import type { WireEvent } from '../../protocol/events.js';
import { answered } from '../answered.js';
import { CursorAheadError, CursorEvictedError, StorageUnavailableError } from '../errors.js';
import { type Appended, GroupCommit } from './group-commit.js';
import { KeptEvents, type KeptEventsOptions } from './kept-events.js';
import { retry } from '../timing/retry.js';
import type { Frames } from './packed-events.js';
import { createSessionEvent, parseSessionEvent, type SessionEvent } from '../session-event.js';
import { SessionState } from './session-state.js';
import { Subscribers } from './subscribers.js';
import { type SubscribedLog, Subscription } from './subscription.js';

export interface EventLogOptions extends KeptEventsOptions {
  epoch: number;
  /** When the last stored event was appended, as `Date.now()`. */
  lastActivityAt: number;
  /** Called when the storage does not answer. The operation is retried. */
  onTrouble: (cause: unknown) => void;
  /** Called when the storage refuses the events of this log for good. */
  onFailure: (cause: unknown) => void;
  /** Called when events that should be kept are missing from the storage: another server trimmed them. */
  onMissing: () => void;
  /** Called when a subscriber's callback threw. Its subscription is closed; others are not affected. */
  onSubscriberError: (cause: unknown) => void;
}

/** A page of the log. */
export interface EventPage {
  events: readonly SessionEvent[];
  lastSeq: number;
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
/** How many events may wait for their commit before the agent is paused. */
const MAX_PENDING = 256;
/** How many events one read of the storage returns while a log is opened. */
const LOAD_PAGE = 500;

/**
 * The durable, ordered log of a session's events.
 *
 * An appended event gets its seq and counts in {@link state} at once, then it is committed to the
 * storage, then it is published. Only committed events can be read. With a storage that answers
 * synchronously, all three steps happen within `append`. A commit that fails is retried, and
 * nothing is published past it, until the storage reports that this log was taken over.
 */
export class EventLog implements SubscribedLog {
  /** The fold of every event that was appended. */
  readonly state = new SessionState();
  /** The fold of every event that is committed. Only this state is shown to clients. */
  readonly committed = new SessionState();
  readonly #options: EventLogOptions;
  readonly #kept: KeptEvents;
  readonly #commits: GroupCommit;
  readonly #subscribers: Subscribers;
  /** The last read, shared by subscribers with the same cursor. Dropped when all were woken. */
  #lastReading: LastReading | null = null;
  /** The seq the next appended event gets. */
  #nextSeq = 1;
  /** The seq of the last committed event, 0 while there is none. */
  #lastSeq = 0;
  #hasEnded = false;

  constructor(options: EventLogOptions) {
    this.#options = options;
    this.#kept = new KeptEvents(options);
    this.#subscribers = new Subscribers(options.maxEvents, () => (this.#lastReading = null));
    this.#commits = new GroupCommit({
      createAppend: (appended, keys) => ({
        sessionId: options.sessionId,
        epoch: options.epoch,
        events: appended.map(({ event }) => event),
        keys,
        // Every event appended so far is in this group or committed before it.
        isUnfinished: this.state.isUnfinished,
        summary: { firstSeq: this.firstSeq, costUsd: this.state.costUsd },
      }),
      write: (append) => options.store.append(append),
      onCommitted: (appended) => this.#publish(appended),
      onTrouble: options.onTrouble,
      onFailure: (cause) => {
        options.onFailure(cause);
        return new StorageUnavailableError(cause);
      },
    });
  }

  /** Opens a log that may have events in the storage already. */
  static async open(options: EventLogOptions): Promise<EventLog> {
    const log = new EventLog(options);
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
      const events = await options.store.read(options.sessionId, log.#lastSeq, LOAD_PAGE);
      for (const event of events) {
        const wire = parseSessionEvent(event);
        log.state.apply(event, wire);
        log.committed.apply(event, wire);
        log.#kept.push(event, options.lastActivityAt);
        log.#lastSeq = event.seq;
      }
      if (events.length < LOAD_PAGE) break;
    }
    log.#nextSeq = log.#lastSeq + 1;
    log.#kept.opened();
    log.#kept.expire();
    return log;
  }

  /** The seq of the oldest event after which everything is kept. */
  get firstSeq(): number {
    return this.#kept.firstSeq;
  }

  /** The seq of the last committed event, 0 while there is none. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** For {@link Subscription}. */
  get publishedBytes(): number {
    return this.#kept.totalBytes;
  }

  /** For {@link Subscription}. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** True when every appended event is committed. */
  get isCommitted(): boolean {
    return this.#nextSeq === this.#lastSeq + 1;
  }

  /** True while the storage takes no events. */
  get isTroubled(): boolean {
    return this.#commits.isTroubled;
  }

  /** True while the commit backlog is full, so that the agent should be paused. */
  get isBacklogged(): boolean {
    return this.#commits.pending >= MAX_PENDING;
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  /**
   * Appends events, in this order and with nothing between them. Returns nothing when they are
   * committed already, else a promise of it.
   */
  append(...wires: readonly WireEvent[]): void | Promise<void> {
    return this.#append(wires, []);
  }

  /** Appends one event together with the idempotency keys under which a client requested it. */
  appendOnce(wire: WireEvent, keys: string[]): void | Promise<void> {
    return this.#append([wire], keys);
  }

  /** Resolves to true when an event was appended under this key within its lifetime. */
  hasKey(key: string): Promise<boolean> {
    return this.#options.store.hasKey(this.#options.sessionId, key);
  }

  #append(wires: readonly WireEvent[], keys: string[]): void | Promise<void> {
    const appended = wires.map((wire) => {
      const event = createSessionEvent(this.#nextSeq, wire);
      this.#nextSeq += 1;
      this.state.apply(event, wire);
      return { event, wire };
    });
    return this.#commits.commit(appended, keys);
  }

  /**
   * One page after a cursor: at most `limit` events, besides the open ones from before the window,
   * which all stand on the first page. Throws what {@link subscribe} throws, and
   * StorageUnavailableError when the store does not have or give what is to be read.
   */
  async read(after: number, limit: number): Promise<EventPage> {
    this.checkCursor(after);
    const open = after === 0 ? this.#openBeforeKept() : [];
    const rest = Math.max(1, limit - open.length);
    const from = Math.max(after, this.firstSeq - 1);
    const next = this.#kept.held(from, rest) ?? (await answered(this.#fetch(from, rest)));
    if (next) {
      const lastRead = next.at(-1)?.seq ?? from;
      const hasMore = lastRead < this.#lastSeq;
      return { events: [...open, ...next], lastSeq: this.#lastSeq, hasMore };
    }
    if (from < this.firstSeq - 1) return this.read(after, limit);
    throw new StorageUnavailableError(null);
  }

  /**
   * Checks that the events after a cursor can be read now.
   *
   * @throws CursorEvictedError when the cursor is older than what is kept
   * @throws CursorAheadError when it is larger than the last seq
   */
  checkCursor(cursor: number): void {
    this.#kept.expire();
    if (cursor > this.#lastSeq) throw new CursorAheadError(cursor, this.#lastSeq);
    if (cursor > 0 && cursor < this.firstSeq - 1)
      throw new CursorEvictedError(cursor, this.firstSeq);
  }

  /**
   * Subscribes to everything after a cursor; 0 for everything that is kept.
   *
   * @param onReadable called when there is something to read after a reading came up empty
   * @param onClose called once, when the subscription is closed
   * @throws what {@link checkCursor} throws
   */
  subscribe(after: number, onReadable: () => void, onClose: () => void): Subscription {
    this.checkCursor(after);
    const open = after === 0 ? this.#openBeforeKept() : [];
    const cursor = Math.max(after, after === 0 ? this.firstSeq - 1 : 0);
    const subscription = new Subscription(this, cursor, open, onReadable, onClose);
    this.#subscribers.add(subscription);
    return subscription;
  }

  /** For {@link Subscription}. */
  unsubscribe(subscription: Subscription): void {
    this.#subscribers.remove(subscription);
  }

  /** For {@link Subscription}. */
  reportSubscriberError(cause: unknown): void {
    this.#options.onSubscriberError(cause);
  }

  /** Resolves when there are no subscribers. */
  unsubscribed(): Promise<void> {
    return this.#subscribers.none();
  }

  /** For {@link Subscription}. */
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

  /** For {@link Subscription}. */
  fetchAfter(cursor: number, signal: AbortSignal): Promise<readonly SessionEvent[] | null> {
    let isTold = false;
    return retry(() => this.#fetch(cursor, MAX_READ), {
      signal,
      isFinal: () => false,
      onFailure: (cause) => {
        if (!isTold) this.#options.onTrouble(cause);
        isTold = true;
      },
    });
  }

  /** Ends the log. Subscribers read the remaining events, and then their subscriptions end. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#commits.stop();
    this.#subscribers.wake(0);
  }

  async #fetch(cursor: number, limit: number): Promise<readonly SessionEvent[] | null> {
    const events = await this.#kept.fetch(cursor, limit);
    const isKept = cursor >= this.firstSeq - 1;
    if (!events && isKept && !this.#hasEnded) this.#options.onMissing();
    return events;
  }

  #publish(appended: readonly Appended[]): void {
    for (const { event, wire } of appended) {
      this.committed.apply(event, wire);
      this.#kept.push(event);
      this.#lastSeq = event.seq;
    }
    this.#kept.expire();
    this.#kept.trim(() => this.#openBeforeKept());
    this.#subscribers.wake(appended.length);
  }

  /**
   * The open events that are older than what is kept without a gap. What is not committed yet may
   * close some of them; should the commit never be, they are still open.
   */
  #openBeforeKept(): SessionEvent[] {
    return this.committed.openEvents().filter((event) => event.seq < this.firstSeq);
  }
}
