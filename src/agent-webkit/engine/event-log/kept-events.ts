import { EventWindow } from './event-window.js';
import { type Frames, PackedEvents } from './packed-events.js';
import type { SessionEvent } from '../session-event.js';
import type { EventStore } from '../storage.js';

export interface WindowLimits {
  /** How many events are kept. */
  maxEvents: number;
  /** How many characters of payload are kept. */
  maxLogChars: number;
}

export interface KeptEventsOptions extends WindowLimits {
  sessionId: string;
  store: EventStore;
  /** For how long an event is kept, in milliseconds; null for as long as there is room. */
  maxEventAgeMs: number | null;
  /** How many bytes of the newest events are in memory, too. */
  maxHeldBytes: number;
}

/** How many events leave the window before the store is asked to forget them. */
const TRIM_EVERY = 100;
/** By which share of the age that events may have they may be older before the store forgets them. */
const TRIM_LATE = 0.1;
/** How many characters of payload one read of the storage returns, besides those of one event. */
const MAX_FETCHED_CHARS = 256 * 1024;

/**
 * The committed events of a log that are kept. The newest are in memory; older ones are only in the
 * storage, and of each of them memory holds its size and its age.
 */
export class KeptEvents {
  readonly #options: KeptEventsOptions;
  /** The size of each kept event. */
  readonly #kept: EventWindow;
  /** When each of them was added, as `Date.now()`. */
  readonly #addedAt: EventWindow;
  /** The events in memory. */
  readonly #held: PackedEvents;
  /** How many characters of payload were ever added. */
  #totalChars = 0;
  #trimmedBefore = 1;
  /** How many that were when the store was last asked to forget. */
  #trimmedChars = 0;
  #trimmedAt = Date.now();

  constructor(options: KeptEventsOptions) {
    this.#options = options;
    const { maxEvents, maxLogChars, maxHeldBytes } = options;
    this.#kept = new EventWindow(maxEvents, maxLogChars);
    this.#addedAt = new EventWindow(maxEvents);
    this.#held = new PackedEvents(maxHeldBytes);
  }

  /** The seq of the oldest event after which everything is kept. */
  get firstSeq(): number {
    return this.#kept.firstSeq;
  }

  /** How many bytes were ever added. */
  get totalBytes(): number {
    return this.#held.totalBytes;
  }

  /**
   * Adds the next event, which the storage has.
   *
   * @param at when it was said, or a time after that, as `Date.now()`
   */
  push(event: SessionEvent, at?: number): void {
    this.#kept.push(event.seq, event.data.length);
    if (this.#options.maxEventAgeMs !== null) this.#addedAt.push(event.seq, at ?? Date.now());
    this.#held.push(event);
    this.#held.evictBefore(this.firstSeq);
    this.#totalChars += event.data.length;
  }

  /** Removes expired events, except the newest event. */
  expire(): void {
    const { maxEventAgeMs } = this.#options;
    if (maxEventAgeMs === null) return;
    const oldest = Date.now() - maxEventAgeMs;
    this.#addedAt.evictBefore(this.firstSeq);
    while (this.#addedAt.size > 1 && (this.#addedAt.first ?? oldest) < oldest) {
      this.#addedAt.evictBefore(this.#addedAt.firstSeq + 1);
    }
    this.#kept.evictBefore(this.#addedAt.firstSeq);
    this.#held.evictBefore(this.firstSeq);
  }

  /** To be called when all that was pushed is what the store had before. */
  opened(): void {
    this.#trimmedBefore = this.firstSeq;
    this.#trimmedChars = this.#totalChars;
    this.#trimmedAt = Date.now();
  }

  /** The next events after a cursor; null where they are in the store alone. */
  held(cursor: number, limit: number): SessionEvent[] | null {
    if (cursor < this.#held.firstSeq - 1) return null;
    return this.#held.after(cursor, limit);
  }

  /** The same as bytes, until `maxBytes` are reached. */
  heldFrames(cursor: number, maxBytes: number): Frames | null {
    if (cursor < this.#held.firstSeq - 1) return null;
    return this.#held.framesAfter(cursor, maxBytes);
  }

  /** Some of those that are in the store alone; null where it has them no longer. */
  async fetch(cursor: number, limit: number): Promise<SessionEvent[] | null> {
    const { store, sessionId } = this.#options;
    const count = Math.min(limit, this.#held.firstSeq - 1 - cursor);
    const wanted = this.#kept.countUpTo(cursor, MAX_FETCHED_CHARS, count);
    const events = await store.read(sessionId, cursor, wanted);
    // It may have been trimmed meanwhile, and deleted with its session.
    return events.length === wanted && events.at(-1)?.seq === cursor + wanted ? events : null;
  }

  /** Asks the store to forget what is no longer kept, but for what is open, if there is enough of it. */
  trim(open: () => readonly SessionEvent[]): void {
    const evicted = this.firstSeq - this.#trimmedBefore;
    if (evicted === 0) return;
    const { maxLogChars, maxEventAgeMs, store, sessionId } = this.#options;
    const isMuch = evicted >= TRIM_EVERY || this.#totalChars - this.#trimmedChars >= maxLogChars;
    const isLate =
      maxEventAgeMs !== null && Date.now() - this.#trimmedAt >= maxEventAgeMs * TRIM_LATE;
    if (!isMuch && !isLate) return;
    this.opened();
    const keep = open().map((event) => event.seq);
    try {
      store.trim(sessionId, this.firstSeq, keep)?.catch(() => undefined);
    } catch {
      // At once or later: what could not be trimmed now is trimmed the next time.
    }
  }
}
