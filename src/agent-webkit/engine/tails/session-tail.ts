import type { UnreadEvents } from '../census.js';
import { TooManySubscribersError } from '../errors.js';
import { CommittedEvents, type EventPage } from '../event-log/committed-events.js';
import { Generations } from '../event-log/generations.js';
import type { WindowLimits } from '../event-log/kept-events.js';
import type { Subscription } from '../event-log/subscription.js';
import { parseSessionEvent, type SessionEvent } from '../session-event.js';
import type { ReadableSession, ReadEndReason } from '../session/readable-session.js';
import type { EventStore, SessionRecord, SessionRecordStore } from '../storage.js';

export interface TailOptions {
  events: Pick<EventStore, 'read'>;
  records: Pick<SessionRecordStore, 'get'>;
  limits: WindowLimits & { maxEventAgeMs: number | null; maxSubscribers: number };
  /** Called when the number of subscribers or the server of the session has changed, and when the tail has ended. */
  onChanged: (tail: SessionTail) => void;
  /** Called when a subscriber's callback threw. Its subscription is closed. */
  onSubscriberError: (sessionId: string, cause: unknown) => void;
}

/** How many bytes of the newest events are in memory, as of a session that this server runs. */
const MAX_HELD_BYTES = 1024 * 1024;
/** How many events one read of the storage returns. */
const PAGE = 500;

/**
 * A session that another server runs, or none, as its readers on this server see it: its stored events,
 * folded once, for all of them. It never writes.
 *
 * It has the events that the session's server keeps, with their ids, because it applies the same limits to
 * the same events, and because each read of the storage also reads the record, with the generations.
 *
 * It ends as `deleted` after the event `done`, or when the record is gone; as `reset` when the storage has
 * lost events that it had, or has none of the next ones any more; as `moved` when the session enters the memory of this server; as
 * `released` when it is unused, or this server stops.
 */
export class SessionTail implements ReadableSession {
  readonly #options: TailOptions;
  readonly #ids: Generations;
  readonly #committed: CommittedEvents;
  /** One function for all subscriptions, because there may be many. */
  readonly #onUnsubscribed = () => this.#onSubscribersChanged();
  #record: SessionRecord;
  #endReason: ReadEndReason | null = null;
  #reading: Promise<void> | null = null;
  #unusedSince = performance.now();

  private constructor(record: SessionRecord, options: TailOptions) {
    const { events, limits, onSubscriberError } = options;
    this.#options = options;
    this.#record = record;
    this.#ids = new Generations(record.log.generations);
    this.#committed = new CommittedEvents({
      ...limits,
      sessionId: record.id,
      ids: this.#ids,
      maxHeldBytes: MAX_HELD_BYTES,
      store: {
        read: (id, after, limit) => events.read(id, after, limit),
        trim: () => undefined, // the session's server does
      },
      onMissing: () => void this.refresh().catch(() => undefined), // the caller retries
      onSubscriberError: (cause) => onSubscriberError(record.id, cause),
    });
  }

  /**
   * Reads the stored events of a session. Resolves to null when it is deleted.
   *
   * @param record as it was just read
   */
  static async open(record: SessionRecord, options: TailOptions): Promise<SessionTail | null> {
    let current: SessionRecord | null = record;
    while (current) {
      const tail = new SessionTail(current, options);
      // oxlint-disable-next-line no-await-in-loop -- again only when events were trimmed during the read
      if (await tail.#open()) return tail.#committed.state.closed ? null : tail;
      // oxlint-disable-next-line no-await-in-loop -- as above
      current = await options.records.get(record.id);
    }
    return null;
  }

  get id(): string {
    return this.#record.id;
  }

  get owner(): string {
    return this.#record.owner;
  }

  /** The address of the server that runs the session, as of the last read; null when there is none. */
  get server(): string | null {
    return this.#record.server ?? null;
  }

  get epoch(): number {
    return this.#record.epoch;
  }

  get lastSeq(): number {
    return this.#committed.lastSeq;
  }

  get firstId(): number {
    return this.#committed.firstId;
  }

  get lastId(): number {
    return this.#committed.lastId;
  }

  get endReason(): ReadEndReason | null {
    return this.#endReason;
  }

  /** The events that its subscribers have not read. */
  get unread(): UnreadEvents {
    return this.#committed.unread;
  }

  get subscribers(): number {
    return this.#committed.subscribers;
  }

  /** When it was last used, as `performance.now()`; null while it has subscribers. */
  get unusedSince(): number | null {
    return this.subscribers > 0 ? null : this.#unusedSince;
  }

  subscribe(after: number, onReadable: () => void): Subscription {
    this.checkSubscribable(after);
    return this.subscribeChecked(after, onReadable);
  }

  subscribeChecked(after: number, onReadable: () => void): Subscription {
    this.#checkCapacity();
    const subscription = this.#committed.subscribeChecked(after, onReadable, this.#onUnsubscribed);
    this.#onSubscribersChanged();
    return subscription;
  }

  checkSubscribable(after: number): void {
    this.#checkCapacity();
    this.#committed.checkCursor(after);
  }

  readerAt(after: number, onReadable: () => void): Subscription {
    return this.#committed.readerAt(after, onReadable);
  }

  read(after: number, limit: number): Promise<EventPage> {
    this.#unusedSince = performance.now();
    return this.#committed.read(after, limit);
  }

  /** Resolves when the tail has every event that a record, which was just read, says is stored. */
  async catchUp({ epoch, log }: SessionRecord): Promise<void> {
    this.#unusedSince = performance.now();
    const isKnown = epoch === this.epoch && log.lastSeq <= this.lastSeq;
    if (!isKnown) await this.refresh();
  }

  /** Reads what the storage has by now. Rejects when it cannot be read. */
  async refresh(): Promise<void> {
    // A read that runs may have begun before the event that this call is for.
    await this.#reading?.catch(() => undefined);
    this.#reading ??= this.#readStored().finally(() => {
      this.#reading = null;
    });
    await this.#reading;
  }

  /**
   * Adds events that the session's server has committed, as it has sent them. Reads the storage if they do not follow the
   * last event.
   *
   * @param firstId the id of the first one
   */
  push(events: readonly SessionEvent[], firstId: number): void {
    const [first] = events;
    if (!first || this.#endReason !== null) return;
    const follows = first.seq <= this.lastSeq + 1 && this.#ids.idOf(first.seq) === firstId;
    try {
      if (follows) return this.#publish(events);
    } catch {
      // Not events of this version. The storage decides.
      return this.end('reset');
    }
    this.refresh().catch(() => undefined); // the next poll repeats it
  }

  /** Reads the storage if the session has come further than this tail. */
  hint(lastSeq: number): void {
    if (lastSeq <= this.lastSeq || this.#endReason !== null) return;
    this.refresh().catch(() => undefined); // the next poll repeats it
  }

  /** Resolves when it has no subscribers. */
  unsubscribed(): Promise<void> {
    return this.#committed.unsubscribed();
  }

  /** Ends the tail. Its subscribers read the remaining events first. */
  end(reason: ReadEndReason): void {
    if (this.#endReason !== null) return;
    this.#endReason = reason;
    this.#committed.end();
    this.#options.onChanged(this);
  }

  /** Resolves to false when events were trimmed meanwhile, or the session was deleted. */
  async #open(): Promise<boolean> {
    const { events, records } = this.#options;
    const { id, log, lastActivityAt } = this.#record;
    const at = performance.now() - Math.max(0, Date.now() - lastActivityAt.getTime());
    let pages = 0;
    for (; this.lastSeq < log.lastSeq; pages += 1) {
      // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
      const page = await events.read(id, this.lastSeq, PAGE);
      const known = page.filter(({ seq }) => seq <= log.lastSeq);
      if (known.length === 0) return false;
      for (const event of known) this.#committed.restore(event, parseSessionEvent(event), at);
    }
    if (pages > 1 && (await records.get(id))?.log.firstSeq !== log.firstSeq) return false;
    this.#committed.restored();
    this.#committed.evictBefore(log.firstSeq);
    return true;
  }

  async #readStored(): Promise<void> {
    const { events, records } = this.#options;
    let emptyReads = 0;
    while (this.#endReason === null) {
      const known = this.lastSeq;
      // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
      const [record, page] = await Promise.all([
        records.get(this.id),
        events.read(this.id, known, PAGE),
      ]);
      if (!record) return this.end('deleted');
      if (!this.#adopt(record, known)) return this.end('reset');
      const next = page.filter(({ seq }) => seq > this.lastSeq && seq <= record.log.lastSeq);
      // The first empty page may have been read before the record. The second one shows that events were trimmed.
      emptyReads = page.length === 0 ? emptyReads + 1 : 0;
      const follows = (next[0]?.seq ?? this.lastSeq + 1) === this.lastSeq + 1;
      const isComplete = this.lastSeq >= record.log.lastSeq;
      if (!follows || (emptyReads > 1 && !isComplete)) return this.end('reset');
      this.#publish(next);
      this.#committed.evictBefore(record.log.firstSeq);
      if (this.lastSeq >= record.log.lastSeq) return;
    }
  }

  /**
   * Takes over a record that was just read. Returns false when the storage has lost events.
   *
   * @param known the seq of the last event before the read: later ones may be newer than the record
   */
  #adopt(record: SessionRecord, known: number): boolean {
    const { lastSeq, generations } = record.log;
    if (lastSeq < known || !this.#ids.adopt(generations, this.#committed.firstSeq, known)) {
      return false;
    }
    const isMoved = (record.server ?? null) !== this.server;
    this.#record = record;
    if (isMoved) this.#options.onChanged(this);
    return true;
  }

  #publish(events: readonly SessionEvent[]): void {
    const next = events.filter(({ seq }) => seq > this.lastSeq);
    if (next.length === 0) return;
    this.#committed.publish(next.map((event) => ({ event, wire: parseSessionEvent(event) })));
    if (this.#committed.state.closed) this.end('deleted');
  }

  #checkCapacity(): void {
    const { maxSubscribers } = this.#options.limits;
    if (this.subscribers >= maxSubscribers) throw new TooManySubscribersError(maxSubscribers);
  }

  #onSubscribersChanged(): void {
    this.#unusedSince = performance.now();
    this.#options.onChanged(this);
  }
}
