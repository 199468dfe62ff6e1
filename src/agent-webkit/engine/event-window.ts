import { type SessionEvent, takeUpTo } from './session-event.js';

export interface WindowLimits {
  /** How many events are kept. */
  maxEvents: number;
  /** How many characters of payload are kept. */
  maxLogChars: number;
}

/** Stands where an evicted event stood. */
const EVICTED: SessionEvent = { seq: 0, name: '', data: '' };

/** The newest events of a log, without a gap, bounded in number and size. The newest one always stays. */
export class EventWindow {
  readonly #limits: WindowLimits;
  /** Evicted events stand before `#head` until there are enough of them to be worth a copy. */
  #events: SessionEvent[] = [];
  #head = 0;
  #chars = 0;
  #firstSeq = 1;

  constructor(limits: WindowLimits) {
    this.#limits = limits;
  }

  /** The seq of the oldest event after which everything is kept. */
  get firstSeq(): number {
    return this.#firstSeq;
  }

  get size(): number {
    return this.#events.length - this.#head;
  }

  /** Adds the next event. One that does not follow the last begins the window anew. */
  push(event: SessionEvent): void {
    if (event.seq !== this.#firstSeq + this.size) {
      this.#events = [];
      this.#head = 0;
      this.#chars = 0;
      this.#firstSeq = event.seq;
    }
    this.#events.push(event);
    this.#chars += event.data.length;
    while (this.#overflows()) this.#evict();
  }

  /** The events after `cursor`, until `maxChars` of payload are reached; at least one if there is one. */
  after(cursor: number, maxChars: number, limit = Number.POSITIVE_INFINITY): SessionEvent[] {
    const from = this.#head + Math.max(0, cursor + 1 - this.#firstSeq);
    return takeUpTo(this.#events.slice(from, from + limit), maxChars);
  }

  #overflows(): boolean {
    if (this.size <= 1) return false;
    return this.size > this.#limits.maxEvents || this.#chars > this.#limits.maxLogChars;
  }

  #evict(): void {
    this.#chars -= this.#events[this.#head]?.data.length ?? 0;
    // Its place goes later, with others; what it holds, which may be large, goes now.
    this.#events[this.#head] = EVICTED;
    this.#head += 1;
    this.#firstSeq += 1;
    if (this.#head >= 256 && this.#head > this.size) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
  }
}
