import { takeUpTo } from './event-window.js';
import { charsOf } from './kept-events.js';
import type { SessionEvent } from './session-event.js';

/** What a subscriber gets when it reads. */
export type Reading =
  /** The next events after its cursor, in order. */
  | { kind: 'events'; events: readonly SessionEvent[] }
  /** Nothing for now; `onReadable` is called when there is. */
  | { kind: 'caught_up' }
  /** Nothing any more: all was read, and the log takes no more. */
  | { kind: 'ended' }
  /** What comes next is no longer kept, or can no longer be read, so this subscriber must be disconnected, never skipped ahead. */
  | { kind: 'overtaken' };

export interface SubscriptionHandlers {
  /** There is something new to read. */
  onReadable: () => void;
  /** The subscription was closed. */
  onClose: () => void;
}

/** What a subscription needs of its log. */
export interface SubscribedLog {
  /** How many characters of payload were ever published. */
  readonly publishedChars: number;
  /** Whether it takes no more events, so that nothing is worth waiting for but what can be read at once. */
  readonly hasEnded: boolean;
  /** What comes after a cursor, unless it is to be fetched first. */
  readAfter(cursor: number, maxChars: number): Reading | { kind: 'not_in_memory' };
  /** What comes after a cursor and is not in memory; null when it is no longer kept. Tries again until the signal. */
  fetchAfter(cursor: number, signal: AbortSignal): Promise<readonly SessionEvent[] | null>;
  unsubscribe(subscription: Subscription): void;
}

/**
 * One subscriber's place in a log. The subscriber reads at its own pace, and a slow one costs
 * nothing but its cursor: no events wait for it anywhere but in the log they are in already. One
 * that is far behind reads what is stored page by page, one page at a time.
 */
export class Subscription {
  readonly #log: SubscribedLog;
  readonly handlers: SubscriptionHandlers;
  /** What comes before the cursor and was not read yet: what is open from long ago, then fetched pages. */
  #page: readonly SessionEvent[];
  #cursor: number;
  #fetching: AbortController | null = null;
  #isOvertaken = false;
  #isClosed = false;
  /** What was published when it last read. */
  #readAt: number;

  constructor(
    log: SubscribedLog,
    cursor: number,
    kept: readonly SessionEvent[],
    handlers: SubscriptionHandlers,
  ) {
    this.#log = log;
    this.#cursor = cursor;
    this.#page = kept;
    this.handlers = handlers;
    this.#readAt = log.publishedChars;
  }

  /** How many characters of payload were published since it last read. */
  get waitingChars(): number {
    return this.#log.publishedChars - this.#readAt;
  }

  /** Moves on to what comes next, at most about `maxChars` characters of payload. */
  read(maxChars: number): Reading {
    this.#readAt = this.#log.publishedChars;
    if (this.#page.length > 0) {
      const events = takeUpTo(this.#page, maxChars, charsOf);
      this.#page = this.#page.slice(events.length);
      return { kind: 'events', events };
    }
    if (this.#isOvertaken) return { kind: 'overtaken' };
    if (this.#fetching) {
      if (this.#log.hasEnded) this.#fetching.abort();
      return { kind: 'caught_up' };
    }
    const reading = this.#log.readAfter(this.#cursor, maxChars);
    if (reading.kind === 'not_in_memory') {
      void this.#fetch();
      return { kind: 'caught_up' };
    }
    if (reading.kind === 'events') this.#cursor = reading.events.at(-1)?.seq ?? this.#cursor;
    return reading;
  }

  /** Ends the subscription; may be called again. */
  close(): void {
    this.#isClosed = true;
    this.#fetching?.abort();
    this.#log.unsubscribe(this);
  }

  async #fetch(): Promise<void> {
    const fetching = new AbortController();
    this.#fetching = fetching;
    if (this.#log.hasEnded) fetching.abort();
    try {
      const page = await this.#log.fetchAfter(this.#cursor, fetching.signal);
      this.#page = page ?? [];
      this.#cursor = page?.at(-1)?.seq ?? this.#cursor;
      this.#isOvertaken = page === null;
    } catch {
      // It was closed, or the log has ended, while the store could not be read.
      this.#isOvertaken = true;
    }
    this.#fetching = null;
    if (!this.#isClosed) this.handlers.onReadable();
  }
}
