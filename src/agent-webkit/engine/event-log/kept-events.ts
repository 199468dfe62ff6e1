import { EventWindow } from './event-window.js';
import type { DecisionLimits } from './kept-decisions.js';
import type { Generations } from './generations.js';
import { type Frames, PackedEvents } from './packed-events.js';
import type { SessionEvent } from '../session-event.js';
import type { EventStore } from '../storage.js';

export interface WindowLimits extends DecisionLimits {
  /** How many events are kept. */
  maxEvents: number;
  /** How many characters of payload are kept. */
  maxLogChars: number;
}

export interface KeptEventsOptions extends WindowLimits {
  sessionId: string;
  store: Pick<EventStore, 'read' | 'trim'>;
  /** The ids of the events. */
  ids: Generations;
  /** How long an event is kept, in milliseconds; null for no limit. */
  maxEventAgeMs: number | null;
  /** How many bytes of the newest events are also kept in memory. */
  maxHeldBytes: number;
}

/** How many events leave the window before they are trimmed from the storage. */
const TRIM_EVERY = 100;
/** How much longer an expired event may stay in the storage, as a share of the age limit. */
const TRIM_LATE = 0.1;
/** How many characters of payload one read of the storage returns, besides those of one event. */
const MAX_FETCHED_CHARS = 256 * 1024;

/**
 * The committed events of a log that are kept. The newest are in memory. Older ones are only in the
 * storage, and memory holds just the size and the age of each.
 */
export class KeptEvents {
  readonly #options: KeptEventsOptions;
  /** The size of each kept event. */
  readonly #kept: EventWindow;
  /** When each kept event was added, as `performance.now()`. */
  readonly #addedAt: EventWindow;
  /** The events in memory. */
  readonly #held: PackedEvents;
  /** The number of characters of payload added since the log was opened. */
  #totalChars = 0;
  #trimmedBefore = 1;
  /** The value of `#totalChars` when the storage was last trimmed. */
  #trimmedChars = 0;
  #trimmedAt = performance.now();

  constructor(options: KeptEventsOptions) {
    this.#options = options;
    const { maxEvents, maxLogChars, maxHeldBytes, ids } = options;
    this.#kept = new EventWindow(maxEvents, maxLogChars);
    this.#addedAt = new EventWindow(maxEvents);
    this.#held = new PackedEvents(maxHeldBytes, (seq) => ids.idOf(seq));
  }

  /** The seq of the first event of the window: it and every later one are kept. */
  get firstSeq(): number {
    return this.#kept.firstSeq;
  }

  /** The number of bytes added since the log was opened. */
  get totalBytes(): number {
    return this.#held.totalBytes;
  }

  /**
   * Adds the next event, which is already in the storage.
   *
   * @param at the time from which the event's age is counted, as `performance.now()`; now when left out
   */
  push(event: SessionEvent, at?: number): void {
    this.#kept.push(event.seq, event.data.length);
    if (this.#options.maxEventAgeMs !== null)
      this.#addedAt.push(event.seq, at ?? performance.now());
    this.#held.push(event);
    this.#held.evictBefore(this.firstSeq);
    this.#totalChars += event.data.length;
  }

  /** Returns what {@link firstSeq} will be when the next events are added now. */
  firstSeqAfter(next: readonly SessionEvent[]): number {
    this.expire();
    return this.#kept.firstSeqAfter(next.map(({ data }) => data.length));
  }

  /** Removes the events before a seq, except the newest event. */
  evictBefore(seq: number): void {
    this.#kept.evictBefore(seq);
    this.#held.evictBefore(this.firstSeq);
  }

  /** Removes expired events, except the newest event. */
  expire(): void {
    const { maxEventAgeMs } = this.#options;
    if (maxEventAgeMs === null) return;
    const oldest = performance.now() - maxEventAgeMs;
    this.#addedAt.evictBefore(this.firstSeq);
    while (this.#addedAt.size > 1 && (this.#addedAt.first ?? oldest) < oldest) {
      this.#addedAt.evictBefore(this.#addedAt.firstSeq + 1);
    }
    this.evictBefore(this.#addedAt.firstSeq);
  }

  /** Records that the storage has no events before the window, apart from open ones. */
  opened(): void {
    this.#trimmedBefore = this.firstSeq;
    this.#trimmedChars = this.#totalChars;
    this.#trimmedAt = performance.now();
  }

  /** Returns the next events after a cursor, or null when they are only in the storage. */
  held(cursor: number, limit: number): SessionEvent[] | null {
    if (cursor < this.#held.firstSeq - 1) return null;
    return this.#held.after(cursor, limit);
  }

  /** Returns the next events as the bytes of a stream, until they reach `maxBytes`. */
  heldFrames(cursor: number, maxBytes: number): Frames | null {
    if (cursor < this.#held.firstSeq - 1) return null;
    return this.#held.framesAfter(cursor, maxBytes);
  }

  /** Reads events that are only in the storage. Resolves to null when they are no longer there. */
  async fetch(cursor: number, limit: number): Promise<SessionEvent[] | null> {
    const { store, sessionId } = this.#options;
    const count = Math.min(limit, this.#held.firstSeq - 1 - cursor);
    const wanted = this.#kept.countUpTo(cursor, MAX_FETCHED_CHARS, count);
    const events = await store.read(sessionId, cursor, wanted);
    // Events may have been trimmed during the read, or deleted with the session.
    return events.length === wanted && events.at(-1)?.seq === cursor + wanted ? events : null;
  }

  /**
   * Trims the storage once enough events have left the window.
   *
   * @param kept returns the seqs of the events that stay
   */
  trim(kept: () => readonly number[]): void {
    const evicted = this.firstSeq - this.#trimmedBefore;
    if (evicted === 0) return;
    const { maxLogChars, maxEventAgeMs, store, sessionId } = this.#options;
    const isMuch = evicted >= TRIM_EVERY || this.#totalChars - this.#trimmedChars >= maxLogChars;
    const isLate =
      maxEventAgeMs !== null && performance.now() - this.#trimmedAt >= maxEventAgeMs * TRIM_LATE;
    if (!isMuch && !isLate) return;
    this.opened();
    try {
      store.trim(sessionId, this.firstSeq, kept())?.catch(() => undefined);
    } catch {
      // Events that could not be trimmed now are trimmed the next time.
    }
  }
}
