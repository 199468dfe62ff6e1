import { decodeFrames, encodeFrame } from '../../protocol/sse-frames.js';
import type { Frames } from './packed-events.js';
import type { SessionEvent } from '../session-event.js';

/** That there is nothing to be had. */
type NothingRead =
  /** Nothing for now; `onReadable` is called when there is. */
  | { kind: 'caught_up' }
  /** Nothing any more: all was read, and the log takes no more. */
  | { kind: 'ended' }
  /** What comes next is no longer kept, or can no longer be read, so this subscriber must be disconnected, never skipped ahead. */
  | { kind: 'overtaken' };

/** What a subscriber gets when it reads: the next events after its cursor, in order. */
export type Reading = { kind: 'events'; events: readonly SessionEvent[] } | NothingRead;

/** The same as the bytes of a stream. */
export type FramesReading = { kind: 'frames'; bytes: Buffer } | NothingRead;

/** What a subscription needs of its log. */
export interface SubscribedLog {
  /** The seq of the oldest event after which everything is kept. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** How many bytes were ever published. */
  readonly publishedBytes: number;
  /** Whether it takes no more events, so that nothing is worth waiting for but what can be read at once. */
  readonly hasEnded: boolean;
  /** What comes after a cursor that is kept; null when it is to be fetched. */
  framesAfter(cursor: number, maxBytes: number): Frames | null;
  /** What comes after a cursor and is not in memory; null when it is no longer kept. Tries again until the signal. */
  fetchAfter(cursor: number, signal: AbortSignal): Promise<readonly SessionEvent[] | null>;
  unsubscribe(subscription: Subscription): void;
}

const CAUGHT_UP = { kind: 'caught_up' } as const;
const ENDED = { kind: 'ended' } as const;
const OVERTAKEN = { kind: 'overtaken' } as const;

/**
 * One subscriber's place in a log. The subscriber reads at its own pace, and a slow one costs
 * nothing but its cursor: no events wait for it anywhere but in the log they are in already. One
 * that is far behind reads what is stored page by page, one page at a time.
 */
export class Subscription {
  readonly #log: SubscribedLog;
  /** Called when there is something new to read. */
  readonly onReadable: () => void;
  /** Called once, when it is closed. */
  readonly onClose: () => void;
  /** The frames before the cursor that were not read yet: what is open from long ago, then fetched pages. */
  #page: readonly string[];
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
    onReadable: () => void,
    onClose: () => void,
  ) {
    this.#log = log;
    this.#cursor = cursor;
    this.#page = kept.map(encodeFrame);
    this.onReadable = onReadable;
    this.onClose = onClose;
    this.#readAt = log.publishedBytes;
  }

  /** How many bytes were published since it last read. */
  get waitingBytes(): number {
    return this.#log.publishedBytes - this.#readAt;
  }

  /** Moves on to what comes next, until `maxBytes` of its frames are reached. */
  read(maxBytes: number): Reading {
    const reading = this.readFrames(maxBytes);
    if (reading.kind !== 'frames') return reading;
    return { kind: 'events', events: decodeFrames(reading.bytes) };
  }

  /** Moves on to what comes next, as the bytes of a stream, until `maxBytes` are reached. */
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

  /** Ends the subscription; may be called again. */
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
      this.#page = page?.map(encodeFrame) ?? [];
      this.#cursor = page?.at(-1)?.seq ?? this.#cursor;
      this.#isOvertaken = page === null;
    } catch {
      // It was closed, or the log has ended, while the store could not be read.
      this.#isOvertaken = true;
    }
    this.#fetching = null;
    if (!this.#isClosed) this.onReadable();
  }
}
