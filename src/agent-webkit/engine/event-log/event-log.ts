import type { UnreadEvents } from '../census.js';
import type { WireEvent } from '../../protocol/events.js';
import { StorageUnavailableError } from '../errors.js';
import {
  CommittedEvents,
  type CommittedEventsOptions,
  type EventPage,
} from './committed-events.js';
import { Generations } from './generations.js';
import { type Appended, GroupCommit } from './group-commit.js';
import type { NewNotification } from '../notification-outbox.js';
import { RequestMarks } from './request-marks.js';
import type { EventAppend, EventStore, Generation, SessionStatus } from '../storage.js';
import type { SessionDetails } from '../session-details.js';
import { createSessionEvent, parseSessionEvent } from '../session-event.js';
import { SessionState } from './session-state.js';
import { SpentUsage } from './spent-usage.js';
import type { Subscription } from './subscription.js';

/** The status of a session, for a storage that stores it in the record. */
export interface StatusSource {
  /** True when the status differs from the one that was taken last. */
  readonly hasChanged: boolean;
  /** Returns the status after all appended events. */
  take(): SessionStatus;
}

export interface EventLogOptions extends Omit<CommittedEventsOptions, 'ids' | 'store'> {
  store: EventStore;
  /**
   * The status to store with each append that changes it.
   *
   * @default none is stored
   */
  status?: StatusSource;
  /** The generations of the stored events. */
  generations: readonly Generation[];
  epoch: number;
  /** When the last stored event was appended, as `Date.now()`. */
  lastActivityAt: number;
  /** Returns the time of an append in milliseconds since 1970. By default `Date.now`. */
  now?: () => number;
  /** Called with the seq of the last event, the new events, and the committed events, whenever events are committed. */
  onCommitted?: (
    lastSeq: number,
    appended: readonly Appended[],
    log: { readonly state: SessionState; idOf(seq: number): number },
  ) => void;
  /**
   * Returns the notifications to store with events.
   *
   * @default none are stored
   */
  notifications?: (
    appended: readonly Appended[],
    log: { readonly state: SessionState; idOf(seq: number): number },
  ) => readonly NewNotification[];
  /**
   * Called with each group of committed events, and the time that their commit took in milliseconds.
   *
   * @default nothing is called
   */
  onWritten?: (appended: readonly Appended[], durationMs: number) => void;
  /** Called when the storage permanently rejects the events of this log. */
  onFailure: (cause: unknown) => void;
}

/** How many events may wait for their commit before the agent is paused. */
const MAX_PENDING = 256;
/** How many events one read of the storage returns while a log is opened. */
const LOAD_PAGE = 500;

/**
 * The durable, ordered log of a session's events.
 *
 * An appended event gets its seq and is applied to {@link state} at once. It is then committed to the
 * storage, and then published. Only committed events can be read. With a storage that answers
 * synchronously, all three steps happen within `append`. A commit that fails is retried, and
 * nothing is published past it, until the storage reports that this log was taken over.
 */
export class EventLog {
  /** The fold of every event that was appended. */
  readonly state: SessionState;
  readonly #options: EventLogOptions;
  readonly #commits: GroupCommit;
  readonly #committed: CommittedEvents;
  readonly #ids: Generations;
  readonly #requests = new RequestMarks();
  readonly #usage = new SpentUsage();
  /** The details that are part of the last append. */
  #storedDetails: SessionDetails;
  /** True until the generation of this log's events is part of an append. */
  #isNewGeneration = false;
  /** The seq the next appended event gets. */
  #nextSeq = 1;
  #hasEnded = false;

  constructor(options: EventLogOptions) {
    const ids = new Generations(options.generations);
    const committed = new CommittedEvents({ ...options, ids });
    this.#options = options;
    this.state = new SessionState(undefined, options.details);
    this.#storedDetails = this.state.details;
    this.#committed = committed;
    this.#ids = ids;
    this.#commits = new GroupCommit({
      createAppend: (appended, keys) => ({
        sessionId: options.sessionId,
        epoch: options.epoch,
        events: appended.map(({ event }) => event),
        keys,
        // Every event appended so far is in this group or committed before it.
        isUnfinished: this.state.isUnfinished,
        ...this.#notifications(appended),
        summary: {
          firstSeq: committed.firstSeqAfter(appended.map(({ event }) => event)),
          costUsd: this.state.costUsd,
          ...this.#newGenerations(),
          ...(options.status?.hasChanged && { status: options.status.take() }),
        },
        ...this.#requests.takeChanged(this.state),
        ...this.#changedDetails(),
        ...this.#usage.take(),
      }),
      write: (append) => options.store.append(append),
      onCommitted: (appended, durationMs) => {
        committed.publish(appended);
        options.onCommitted?.(committed.lastSeq, appended, committed);
        options.onWritten?.(appended, durationMs);
      },
      onFailure: (cause) => {
        options.onFailure(cause);
        return new StorageUnavailableError(cause);
      },
    });
  }

  /** Opens a log that may have events in the storage already. */
  static async open(options: EventLogOptions): Promise<EventLog> {
    const log = new EventLog(options);
    // A clock that was set back does not make events younger than new ones.
    const at = performance.now() - Math.max(0, Date.now() - options.lastActivityAt);
    let oldestSeq: number | null = null;
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
      const events = await options.store.read(options.sessionId, log.lastSeq, LOAD_PAGE);
      oldestSeq ??= events[0]?.seq ?? 1;
      for (const event of events) {
        const wire = parseSessionEvent(event);
        log.state.apply(event, wire);
        log.#committed.restore(event, wire, at);
      }
      if (events.length < LOAD_PAGE) break;
    }
    log.#nextSeq = log.lastSeq + 1;
    log.#ids.begin(log.lastSeq, oldestSeq);
    log.#isNewGeneration = true;
    log.#requests.restore(log.state);
    log.#usage.restore(log.state);
    log.#committed.restored();
    return log;
  }

  /** The fold of every event that is committed. Only this state is shown to clients. */
  get committed(): SessionState {
    return this.#committed.state;
  }

  /** The seq of the first event of the window: it and every later one are kept. */
  get firstSeq(): number {
    return this.#committed.firstSeq;
  }

  /** The seq of the last committed event, 0 while there is none. */
  get lastSeq(): number {
    return this.#committed.lastSeq;
  }

  /** The id of the first event of the window, see {@link Generations}. */
  get firstId(): number {
    return this.#committed.firstId;
  }

  /** The id of the last committed event, 0 while there is none. */
  get lastId(): number {
    return this.#committed.lastId;
  }

  /** True when every appended event is committed. */
  get isCommitted(): boolean {
    return this.#nextSeq === this.lastSeq + 1;
  }

  /** True while commits fail and are retried. */
  get isTroubled(): boolean {
    return this.#commits.isTroubled;
  }

  /** True while the commit backlog is full, so that the agent should be paused. */
  get isBacklogged(): boolean {
    return this.#commits.pending >= MAX_PENDING;
  }

  /** The events that subscribers have not read. */
  get unread(): UnreadEvents {
    return this.#committed.unread;
  }

  /** The number of events that wait for their commit. */
  get uncommitted(): number {
    return this.#commits.pending;
  }

  /** The number of open subscriptions. */
  get subscribers(): number {
    return this.#committed.subscribers;
  }

  /**
   * Appends events, in this order and with nothing between them, except for the ends of messages that
   * the agent cannot complete any more, see {@link SessionState.messages}. Returns nothing when they are
   * committed already, else a promise that resolves when they are.
   */
  append(...wires: readonly WireEvent[]): void | Promise<void> {
    return this.#append(wires, []);
  }

  /** Appends one event together with the idempotency keys under which a client requested it. */
  appendOnce(wire: WireEvent, keys: string[]): void | Promise<void> {
    return this.#append([wire], keys);
  }

  /** Stores the status if it has changed without an event. */
  storeStatus(): void {
    if (this.#hasEnded || !this.#options.status?.hasChanged) return;
    this.#commits.commit([])?.catch(() => undefined); // reported by `onFailure`
  }

  /** Resolves to true when an event was appended under this key within its lifetime. */
  hasKey(key: string): Promise<boolean> {
    return this.#options.store.hasKey(this.#options.sessionId, key);
  }

  /** Reads a page, see {@link CommittedEvents.read}. */
  read(after: number, limit: number): Promise<EventPage> {
    return this.#committed.read(after, limit);
  }

  /** Checks a cursor, see {@link CommittedEvents.checkCursor}. */
  checkCursor(cursor: number): number {
    return this.#committed.checkCursor(cursor);
  }

  /** True when a cursor is not the id of an event of this log, see {@link CommittedEvents.isUnknown}. */
  isUnknown(cursor: number): boolean {
    return this.#committed.isUnknown(cursor);
  }

  /** Subscribes to events, see {@link CommittedEvents.subscribe}. */
  subscribe(after: number, onReadable: () => void, onClose: () => void): Subscription {
    return this.#committed.subscribe(after, onReadable, onClose);
  }

  /** Subscribes to events, see {@link CommittedEvents.subscribeChecked}. */
  subscribeChecked(after: number, onReadable: () => void, onClose: () => void): Subscription {
    return this.#committed.subscribeChecked(after, onReadable, onClose);
  }

  /** Reads events without a subscriber, see {@link CommittedEvents.readerAt}. */
  readerAt(after: number, onReadable: () => void): Subscription {
    return this.#committed.readerAt(after, onReadable);
  }

  /** Resolves when there are no subscribers. */
  unsubscribed(): Promise<void> {
    return this.#committed.unsubscribed();
  }

  /** Ends the log. Subscribers read the remaining events, and then their subscriptions end. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#commits.stop();
    this.#committed.end();
  }

  #notifications(appended: readonly Appended[]): Pick<EventAppend, 'notifications'> {
    const idOf = (seq: number) => this.#ids.idOf(seq);
    const notifications = this.#options.notifications?.(appended, { state: this.state, idOf });
    return notifications?.length ? { notifications } : {};
  }

  #changedDetails(): Pick<EventAppend, 'details'> {
    const { details } = this.state;
    if (details === this.#storedDetails) return {};
    this.#storedDetails = details;
    return { details };
  }

  /** Returns the generations for the first append of this log, which begins a generation, and nothing for later ones. */
  #newGenerations(): Pick<EventAppend['summary'], 'generations'> {
    if (!this.#isNewGeneration) return {};
    this.#isNewGeneration = false;
    return { generations: this.#ids.all };
  }

  #append(wires: readonly WireEvent[], keys: string[]): void | Promise<void> {
    const time = new Date(this.#options.now?.() ?? Date.now()).toISOString();
    const appended: Appended[] = [];
    const add = (wire: WireEvent) => {
      const event = createSessionEvent(this.#nextSeq, wire, time);
      this.#nextSeq += 1;
      this.state.apply(event, wire);
      this.#usage.observe(event.seq, wire, time, this.state);
      appended.push({ event, wire });
    };
    for (const wire of wires) {
      for (const end of this.state.messages.endsBefore(wire)) add(end);
      add(wire);
    }
    return this.#commits.commit(appended, keys);
  }
}
