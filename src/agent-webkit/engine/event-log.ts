import type { WireEvent } from '../protocol/events.js';
import { CursorAheadError, EvictedError, StorageUnavailableError } from './errors.js';
import { EventWindow, type WindowLimits } from './event-window.js';
import { GroupCommit } from './group-commit.js';
import { createSessionEvent, parseSessionEvent, type SessionEvent } from './session-event.js';
import { SessionState } from './session-state.js';
import type { EventStore } from './storage.js';
import { type Reading, Subscription } from './subscription.js';

export interface EventLogOptions extends WindowLimits {
  sessionId: string;
  epoch: number;
  store: EventStore;
  /** Called when the store does not take events at the moment. They are tried again. */
  onTrouble: (cause: unknown) => void;
  /** Called when the store takes no more events of this log, for good. */
  onFailure: (cause: unknown) => void;
}

/** A page of the log. */
export interface EventPage {
  events: readonly SessionEvent[];
  lastSeq: number;
  hasMore: boolean;
}

/** How many events are published in one turn of the event loop before readers are woken within it. */
const WAKE_EVERY = 100;
/** How many events one reading looks at, so that a long replay copies no more than it takes. */
const MAX_READ = 1000;
/** How many events leave the window before the store is asked to forget them. */
const TRIM_EVERY = 100;
/** How many events may wait for their commit before the agent is held back. */
const MAX_PENDING = 256;
/** How many events one reading of the store brings when a log is opened. */
const LOAD_PAGE = 1000;

/**
 * A session's events: what was said, in order, for good.
 *
 * An appended event gets its seq and counts in {@link state} at once, then it is committed to the
 * store, then it is published. Only what is committed is ever read by anybody. With a store that
 * answers at once all three steps happen within `append`. A commit that fails is tried again, and
 * nothing is published past it meanwhile, until the store says that this log was taken over.
 */
export class EventLog {
  /** The fold of every event that was appended. */
  readonly state = new SessionState();
  /** The fold of those that are committed: what may be told. */
  readonly committed = new SessionState();
  readonly #options: EventLogOptions;
  readonly #window: EventWindow;
  readonly #commits: GroupCommit;
  readonly #subscriptions = new Set<Subscription>();
  /** What was appended and is not committed, in order. */
  readonly #uncommitted: WireEvent[] = [];
  /** The seq the next appended event gets. */
  #nextSeq = 1;
  /** The seq of the last committed event, 0 while there is none. */
  #lastSeq = 0;
  #trimmedBefore = 1;
  /** How many characters were published since the store was last asked to forget. */
  #untrimmedChars = 0;
  #wakeUp: NodeJS.Immediate | null = null;
  /** How many events were published since readers were woken. */
  #unannounced = 0;
  readonly #whenUnsubscribed: (() => void)[] = [];
  #hasEnded = false;

  constructor(options: EventLogOptions) {
    this.#options = options;
    this.#window = new EventWindow(options);
    this.#commits = new GroupCommit({
      createAppend: (events, keys) => ({
        sessionId: options.sessionId,
        epoch: options.epoch,
        events,
        keys,
        // Everything that was appended so far is in this group or committed before it.
        isUnfinished: this.state.isUnfinished,
        summary: { firstSeq: this.firstSeq, costUsd: this.state.costUsd },
      }),
      write: (append) => options.store.append(append),
      onCommitted: (events) => this.#publish(events),
      onTrouble: options.onTrouble,
      onFailure: (cause) => {
        options.onFailure(cause);
        return new StorageUnavailableError(cause);
      },
    });
  }

  /** Opens a log that may have events in the store already. */
  static async open(options: EventLogOptions): Promise<EventLog> {
    const log = new EventLog(options);
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
      const events = await options.store.read(options.sessionId, log.#lastSeq, LOAD_PAGE);
      for (const event of events) {
        const wire = parseSessionEvent(event);
        log.state.apply(event, wire);
        log.committed.apply(event, wire);
        log.#window.push(event);
        log.#lastSeq = event.seq;
      }
      if (events.length < LOAD_PAGE) break;
    }
    log.#nextSeq = log.#lastSeq + 1;
    log.#trimmedBefore = log.#window.firstSeq;
    return log;
  }

  /** The seq of the oldest event after which everything is kept. */
  get firstSeq(): number {
    return this.#window.firstSeq;
  }

  /** The seq of the last committed event, 0 while there is none. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Whether the store does not take events at the moment. */
  get isTroubled(): boolean {
    return this.#commits.isTroubled;
  }

  /** Whether so much waits for its commit that nothing more should be appended that can wait. */
  get isBacklogged(): boolean {
    return this.#commits.pending >= MAX_PENDING;
  }

  get subscribers(): number {
    return this.#subscriptions.size;
  }

  /**
   * Appends events, in this order and with nothing between them. Returns nothing when they are
   * committed already, else a promise of it.
   */
  append(...wires: readonly WireEvent[]): void | Promise<void> {
    return this.#append(wires, []);
  }

  /** The same for one event that a client asked for under these keys, which the store keeps with it. */
  appendOnce(wire: WireEvent, keys: string[]): void | Promise<void> {
    return this.#append([wire], keys);
  }

  /** Whether an event of the last 24 hours was asked for under this key. */
  hasKey(key: string): Promise<boolean> {
    return this.#options.store.hasKey(this.#options.sessionId, key);
  }

  #append(wires: readonly WireEvent[], keys: string[]): void | Promise<void> {
    const events = wires.map((wire) => {
      const event = createSessionEvent(this.#nextSeq, wire);
      this.#nextSeq += 1;
      this.state.apply(event, wire);
      return event;
    });
    this.#uncommitted.push(...wires);
    return this.#commits.commit(events, keys);
  }

  /**
   * One page after a cursor: at most `limit` events, besides the open ones from before the window,
   * which all stand on the first page. Throws what {@link subscribe} throws.
   */
  read(after: number, limit: number): EventPage {
    this.#checkCursor(after);
    const kept = after === 0 ? this.#keptBeforeWindow() : [];
    const rest = Math.max(1, limit - kept.length);
    const events = [...kept, ...this.#window.after(after, this.#options.maxLogChars, rest)];
    const lastRead = events.at(-1)?.seq ?? after;
    return { events, lastSeq: this.#lastSeq, hasMore: lastRead < this.#lastSeq };
  }

  /**
   * Subscribes to everything after a cursor; 0 for everything that is kept.
   *
   * @param onReadable called when there is something to read after a reading came up empty
   * @param onClose called once, when the subscription is closed
   * @throws EvictedError when the cursor is older than what is kept
   * @throws CursorAheadError when it is larger than the last seq
   */
  subscribe(after: number, onReadable: () => void, onClose: () => void): Subscription {
    this.#checkCursor(after);
    const kept = after === 0 ? this.#keptBeforeWindow() : [];
    const cursor = Math.max(after, after === 0 ? this.firstSeq - 1 : 0);
    const subscription = new Subscription(this, cursor, kept, { onReadable, onClose });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** For {@link Subscription}. */
  unsubscribe(subscription: Subscription): void {
    if (!this.#subscriptions.delete(subscription)) return;
    subscription.handlers.onClose();
    if (this.#subscriptions.size > 0) return;
    for (const resolve of this.#whenUnsubscribed.splice(0)) resolve();
  }

  /** Resolves when nobody is subscribed. */
  unsubscribed(): Promise<void> {
    if (this.#subscriptions.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenUnsubscribed.push(resolve));
  }

  /** For {@link Subscription}. */
  readAfter(cursor: number, maxChars: number): Reading {
    if (cursor < this.firstSeq - 1) return { kind: 'overtaken' };
    const events = this.#window.after(cursor, maxChars, MAX_READ);
    if (events.length > 0) return { kind: 'events', events };
    return { kind: this.#hasEnded ? 'ended' : 'caught_up' };
  }

  /** Takes no more events. Subscribers read what is there, then their subscription ends. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#commits.stop();
    this.#wake();
  }

  #publish(events: readonly SessionEvent[]): void {
    for (const event of events) {
      const wire = this.#uncommitted.shift();
      if (wire) this.committed.apply(event, wire);
      this.#window.push(event);
      this.#lastSeq = event.seq;
      this.#untrimmedChars += event.data.length;
    }
    this.#unannounced += events.length;
    // What is not committed yet may close what must be kept, should the commit never be.
    const isAllCommitted = this.#nextSeq === this.#lastSeq + 1;
    if (isAllCommitted && this.#isTrimDue()) this.#trim();
    this.#wake();
  }

  #isTrimDue(): boolean {
    const evicted = this.firstSeq - this.#trimmedBefore;
    return (
      evicted >= TRIM_EVERY || (evicted > 0 && this.#untrimmedChars >= this.#options.maxLogChars)
    );
  }

  #trim(): void {
    this.#trimmedBefore = this.firstSeq;
    this.#untrimmedChars = 0;
    const keep = this.#keptBeforeWindow().map((event) => event.seq);
    try {
      const outcome = this.#options.store.trim(this.#options.sessionId, this.firstSeq, keep);
      outcome?.catch(() => undefined);
    } catch {
      // At once or later: what could not be trimmed now is trimmed the next time.
    }
  }

  /** The open events that are older than the window. */
  #keptBeforeWindow(): SessionEvent[] {
    return this.state.openEvents().filter((event) => event.seq < this.firstSeq);
  }

  /**
   * What is published in one turn of the event loop wakes a subscriber once, unless it is so much
   * that the window would move on under one that reads as fast as it is told.
   */
  #wake(): void {
    if (this.#subscriptions.size === 0) return;
    if (this.#unannounced >= Math.min(WAKE_EVERY, this.#options.maxEvents)) return this.#announce();
    this.#wakeUp ??= setImmediate(() => this.#announce());
  }

  #announce(): void {
    if (this.#wakeUp) clearImmediate(this.#wakeUp);
    this.#wakeUp = null;
    this.#unannounced = 0;
    for (const subscription of this.#subscriptions) subscription.handlers.onReadable();
  }

  #checkCursor(cursor: number): void {
    if (cursor > this.#lastSeq) throw new CursorAheadError(cursor, this.#lastSeq);
    if (cursor > 0 && cursor < this.firstSeq - 1) throw new EvictedError(cursor, this.firstSeq);
  }
}
