import type { Writable } from 'node:stream';
import { Logger } from '@nestjs/common';
import { Observable, type OperatorFunction, Subscriber } from 'rxjs';
import { shareHiddenClass } from './hidden-class.js';

/** The response under the adapter's own: bytes written to it reach the client unchanged. */
export interface RawResponse extends Writable {
  readonly headersSent: boolean;
}

/** Ready bytes of a stream: frames of events, or a comment. */
export type StreamBytes = Buffer | string;

/**
 * The state of a response that a stream is written to.
 *
 * - `awaiting_headers`: the first state. Nest sends the headers in a task of its own. Nothing is written
 *   before. Becomes `open` once the headers are sent.
 * - `open`: the response takes bytes, and everything published is written at once. Becomes `full` when
 *   a write leaves no room.
 * - `full`: the response holds the last write until the client has read it. Nothing more is written:
 *   events stay in the session's log, and comments are dropped. Becomes `open` with `drain`.
 * - `closed`: the last state, from any other: the stream ended, failed, or was unsubscribed from, or
 *   the client disconnected. Nothing is written, and no timer or subscription is left.
 */
export type WriterState = 'awaiting_headers' | 'open' | 'full' | 'closed';

/** How many writes of frames make a stream worth the memory that {@link shareHiddenClass} takes. */
const BUSY_AFTER_WRITES = 32;
const logger = new Logger('AgentWebkit');

/**
 * Writes a stream to its response. Thousands of them wait, so each has few fields and no listener
 * without need. It is RxJS' own subscriber, because one that forwards to an observer means two more
 * objects on the way of every delivery.
 */
export class ResponseWriter extends Subscriber<StreamBytes> {
  readonly #sessionId: string;
  readonly #response: RawResponse;
  readonly #refuse: (error: unknown) => unknown;
  #subscriber: Subscriber<never> | null = null;
  #state: WriterState = 'awaiting_headers';
  /** Called each time the state becomes `open`. */
  #onOpen: (() => void) | null = null;
  #hasDrainListener = false;
  /** How many times frames were written. */
  #writes = 0;
  // Looked up once: where each response has a hidden class of its own, every look at one is slow.
  #writeBytes!: (bytes: StreamBytes) => boolean | undefined;

  /** @param refuse returns what to throw for an error that comes before the headers */
  constructor(sessionId: string, response: RawResponse, refuse: (error: unknown) => unknown) {
    super();
    this.#sessionId = sessionId;
    this.#response = response;
    this.#refuse = refuse;
  }

  get state(): WriterState {
    return this.#state;
  }

  /** Calls a function each time the response takes bytes again, and the first time it does. */
  onOpen(callback: () => void): void {
    this.#onOpen = callback;
  }

  /** Writes what a source emits, until the subscriber unsubscribes. */
  begin(source: Observable<StreamBytes>, subscriber: Subscriber<never>): void {
    this.#subscriber = subscriber;
    // Nest unsubscribes, but a subscription of the host's own interceptor stays.
    this.#response.on('close', () => subscriber.complete());
    subscriber.add(this);
    source.subscribe(this);
    this.#awaitHeaders();
  }

  override unsubscribe(): void {
    this.#state = 'closed';
    super.unsubscribe();
  }

  /** Writes bytes while the response is `open`. */
  override next(bytes: StreamBytes): void {
    if (this.#state !== 'open') return;
    if (typeof bytes !== 'string') this.#writes += 1;
    if (this.#writes === BUSY_AFTER_WRITES) shareHiddenClass(this.#response);
    let hasRoom: boolean | undefined;
    try {
      hasRoom = this.#writeBytes.call(this.#response, bytes);
    } catch (error) {
      // Middleware of the host may have replaced `write`.
      logger.error(
        `Session ${this.#sessionId}: writing to a stream failed. Closing the stream.`,
        error,
      );
      return this.#cutOff();
    }
    // Such middleware may return nothing: then the response says whether there is room.
    if (!(hasRoom ?? !this.#response.writableNeedDrain)) this.#becomeFull();
  }

  /**
   * Before the headers, an error becomes the answer. Later Nest would write it as an event with an id
   * of its own, so the connection is cut: the client sees a fault and reconnects with its cursor.
   */
  override error(error: unknown): void {
    if (this.#response.headersSent) this.#cutOff();
    else this.#subscriber?.error(this.#refuse(error));
  }

  override complete(): void {
    this.#subscriber?.complete();
  }

  #awaitHeaders(): void {
    if (this.#state !== 'awaiting_headers') return;
    if (!this.#response.headersSent) {
      setImmediate(() => this.#awaitHeaders());
      return;
    }
    // oxlint-disable-next-line typescript/unbound-method -- it is called with its response
    this.#writeBytes = this.#response.write;
    this.#becomeOpen();
  }

  #becomeOpen(): void {
    this.#state = 'open';
    this.#onOpen?.();
  }

  #becomeFull(): void {
    this.#state = 'full';
    if (this.#hasDrainListener) return;
    this.#hasDrainListener = true;
    this.#response.on('drain', () => {
      if (this.#state === 'full') this.#becomeOpen();
    });
  }

  #cutOff(): void {
    this.#response.destroy();
    this.complete();
  }
}

/** Writes every value of the source by the writer, and emits nothing, so that no interceptor of the host sees it. */
export function writeTo(writer: ResponseWriter): OperatorFunction<StreamBytes, never> {
  return (source) => new Observable((subscriber) => writer.begin(source, subscriber));
}
