import { decodeFrames, type StreamEvent } from '../../protocol/sse-frames.js';
import type { Frames } from './packed-events.js';
import type { SessionEvent } from '../session-event.js';

/** The result of reading when no event can be returned. */
export type NothingRead =
  /** There is no event at the moment; `onReadable` is called when there is. */
  | { kind: 'caught_up' }
  /** Every event was read, and the log takes no more. */
  | { kind: 'ended' }
  /** The next event is no longer kept or cannot be read. Disconnect the subscriber: never skip events. */
  | { kind: 'overtaken' };

/** The result of a read: the next events after the cursor, in order. */
export type Reading = { kind: 'events'; events: readonly StreamEvent[] } | NothingRead;

/** The result of a read: the next events after the cursor, as the bytes of an SSE stream. */
export type FramesReading = { kind: 'frames'; bytes: Buffer } | NothingRead;

/** An open subscription, as its reader uses it. */
export interface EventSubscription {
  /** The number of bytes published since the last read. */
  readonly waitingBytes: number;
  /** Returns the next events and advances the cursor, until their frames reach `maxBytes`. */
  read(maxBytes: number): Reading;
  /** Returns the next events as the bytes of a stream and advances the cursor, until they reach `maxBytes`. */
  readFrames(maxBytes: number): FramesReading;
  /** Closes the subscription; may be called again. */
  close(): void;
}

/** The part of a log that a subscription uses. */
export interface SubscribedLog {
  /** The seq of the first event of the window: it and every later one are kept. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** The number of bytes published since the log was opened. */
  readonly publishedBytes: number;
  /** True once the log takes no more events. A failed read of the storage is then not retried. */
  readonly hasEnded: boolean;
  /** Returns the events after a cursor that is kept, or null when they must be fetched. */
  framesAfter(cursor: number, maxBytes: number): Frames | null;
  /** Returns the id of an event. */
  idOf(seq: number): number;
  /** Returns an event as the text of its frame. */
  frameOf(event: SessionEvent): string;
  /**
   * Reads events after a cursor from the storage, retrying until the signal aborts. Resolves to null
   * when they are no longer kept.
   */
  fetchAfter(cursor: number, signal: AbortSignal): Promise<readonly SessionEvent[] | null>;
  unsubscribe(subscription: Subscription): void;
  /** Reports an error that a subscriber's own callback threw. */
  reportSubscriberError(cause: unknown): void;
}

const CAUGHT_UP = { kind: 'caught_up' } as const;
const ENDED = { kind: 'ended' } as const;
const OVERTAKEN = { kind: 'overtaken' } as const;

/**
 * One subscriber's cursor into a log. The subscriber reads at its own pace, and a slow one costs no
 * memory: no event is queued for it outside the log. A subscriber that is far behind reads from the
 * storage, one page at a time.
 */
export class Subscription implements EventSubscription {
  readonly #log: SubscribedLog;
  readonly #onReadable: () => void;
  /** Called once, when the subscription is closed. */
  readonly onClose: () => void;
  /** Unread frames before the cursor: open events from before the window, then fetched pages. */
  #page: readonly string[];
  /** The seq of the last event that was read. */
  #cursor: number;
  #fetching: AbortController | null = null;
  #isOvertaken = false;
  #isClosed = false;
  /** The log's `publishedBytes` at the last read. */
  #readAt: number;

  /**
   * @param kept open events from before the window, which are read first
   * @param onReadable called when there is something new to read. When it throws, the subscription
   *   is closed and the error is reported to the log; other subscriptions are not affected
   * @param onClose called once, when the subscription is closed
   */
  constructor(
    log: SubscribedLog,
    cursor: number,
    kept: readonly SessionEvent[],
    onReadable: () => void,
    onClose: () => void,
  ) {
    this.#log = log;
    this.#cursor = cursor;
    this.#page = kept.map((event) => log.frameOf(event));
    this.#onReadable = onReadable;
    this.onClose = onClose;
    this.#readAt = log.publishedBytes;
  }

  /** The id of the last event that was read; the cursor when there is none. Not while fetched events are unread. */
  get lastId(): number {
    return this.#log.idOf(this.#cursor);
  }

  /** The number of events that it has not read. */
  get lag(): number {
    return Math.max(0, this.#log.lastSeq - this.#cursor) + this.#page.length;
  }

  /** The number of bytes published since the last read. */
  get waitingBytes(): number {
    return this.#log.publishedBytes - this.#readAt;
  }

  /** Returns the next events and advances the cursor, until their frames reach `maxBytes`. */
  read(maxBytes: number): Reading {
    const reading = this.readFrames(maxBytes);
    if (reading.kind !== 'frames') return reading;
    return { kind: 'events', events: decodeFrames(reading.bytes) };
  }

  /** Returns the next events as the bytes of a stream and advances the cursor, until they reach `maxBytes`. */
  readFrames(maxBytes: number): FramesReading {
    this.#readAt = this.#log.publishedBytes;
    if (this.#page.length > 0) return this.#readPage(maxBytes);
    if (this.#isOvertaken) return OVERTAKEN;
    if (this.#fetching) {
      if (this.#log.hasEnded) this.#fetching.abort();
      return CAUGHT_UP;
    }
    if (this.#cursor === this.#log.lastSeq) return this.#log.hasEnded ? ENDED : CAUGHT_UP;
    if (this.#cursor < this.#log.firstSeq - 1) return OVERTAKEN;
    const frames = this.#log.framesAfter(this.#cursor, maxBytes);
    if (!frames) {
      void this.#fetch();
      return CAUGHT_UP;
    }
    this.#cursor = frames.lastSeq;
    return { kind: 'frames', bytes: frames.bytes };
  }

  /** Calls the subscriber's `onReadable`. Never throws. */
  notify(): void {
    try {
      this.#onReadable();
    } catch (error) {
      this.close();
      this.#log.reportSubscriberError(error);
    }
  }

  /** Closes the subscription; may be called again. */
  close(): void {
    this.#isClosed = true;
    this.#fetching?.abort();
    this.#log.unsubscribe(this);
  }

  #readPage(maxBytes: number): FramesReading {
    let count = 0;
    for (
      let bytes = 0;
      count < this.#page.length && (count === 0 || bytes < maxBytes);
      count += 1
    ) {
      bytes += Buffer.byteLength(this.#page[count] ?? '');
    }
    const frames = this.#page.slice(0, count);
    this.#page = this.#page.slice(count);
    return { kind: 'frames', bytes: Buffer.from(frames.join('')) };
  }

  async #fetch(): Promise<void> {
    const fetching = new AbortController();
    this.#fetching = fetching;
    if (this.#log.hasEnded) fetching.abort();
    try {
      const page = await this.#log.fetchAfter(this.#cursor, fetching.signal);
      this.#page = page?.map((event) => this.#log.frameOf(event)) ?? [];
      this.#cursor = page?.at(-1)?.seq ?? this.#cursor;
      this.#isOvertaken = page === null;
    } catch {
      // The subscription was closed or the log has ended while the storage could not be read.
      this.#isOvertaken = true;
    }
    this.#fetching = null;
    if (!this.#isClosed) this.notify();
  }
}
