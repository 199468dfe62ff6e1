import { type SessionEvent, takeUpTo } from './session-event.js';

/** What a subscriber gets when it reads. */
export type Reading =
  /** The next events after its cursor, in order. */
  | { kind: 'events'; events: readonly SessionEvent[] }
  /** Nothing for now; `onReadable` is called when there is. */
  | { kind: 'caught_up' }
  /** Nothing any more: all was read, and the log takes no more. */
  | { kind: 'ended' }
  /** What comes next is no longer kept, so this subscriber must be disconnected, never skipped ahead. */
  | { kind: 'overtaken' };

export interface SubscriptionHandlers {
  /** There is something new to read. */
  onReadable: () => void;
  /** The subscription was closed. */
  onClose: () => void;
}

/** What a subscription needs of its log. */
export interface SubscribedLog {
  readAfter(cursor: number, maxChars: number): Reading;
  unsubscribe(subscription: Subscription): void;
}

/**
 * One subscriber's place in a log. The subscriber reads at its own pace, and a slow one costs
 * nothing but its cursor: no events wait for it anywhere but in the log they are in already.
 */
export class Subscription {
  readonly #log: SubscribedLog;
  readonly handlers: SubscriptionHandlers;
  /** What is kept from before the log's window, read first. */
  #kept: readonly SessionEvent[];
  #cursor: number;

  constructor(
    log: SubscribedLog,
    cursor: number,
    kept: readonly SessionEvent[],
    handlers: SubscriptionHandlers,
  ) {
    this.#log = log;
    this.#cursor = cursor;
    this.#kept = kept;
    this.handlers = handlers;
  }

  /** Moves on to what comes next, at most about `maxChars` characters of payload. */
  read(maxChars: number): Reading {
    if (this.#kept.length > 0) {
      const events = takeUpTo(this.#kept, maxChars);
      this.#kept = this.#kept.slice(events.length);
      return { kind: 'events', events };
    }
    const reading = this.#log.readAfter(this.#cursor, maxChars);
    if (reading.kind === 'events') this.#cursor = reading.events.at(-1)?.seq ?? this.#cursor;
    return reading;
  }

  /** Ends the subscription; may be called again. */
  close(): void {
    this.#log.unsubscribe(this);
  }
}
