import type { Writable } from 'node:stream';
import { Logger } from '@nestjs/common';
import { Observable, type OperatorFunction, Subscriber } from 'rxjs';
import { shareHiddenClass } from './hidden-class.js';

/** The response of Node.js that the adapter wraps: bytes written to it reach the client unchanged. */
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

/** The number of writes after which a stream justifies the memory that {@link shareHiddenClass} takes. */
const BUSY_AFTER_WRITES = 32;
const logger = new Logger('AgentWebkit');

/**
 * Writes a stream to its response. A server has thousands of writers, so each has few fields, and adds
 * a listener only when it needs one. It extends RxJS' own subscriber, because forwarding to an observer
 * would add two more objects to the path of every delivery.
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
  /** The number of times that frames were written. */
  #writes = 0;
  // Read once: every property access is slow where each response has a hidden class of its own.
  #writeBytes!: (bytes: StreamBytes) => boolean | undefined;

  /** @param refuse returns the exception for an error that occurs before the headers are sent */
  constructor(sessionId: string, response: RawResponse, refuse: (error: unknown) => unknown) {
    super();
    this.#sessionId = sessionId;
    this.#response = response;
    this.#refuse = refuse;
  }

  get state(): WriterState {
    return this.#state;
  }

  /** Calls a function each time the response becomes ready to take bytes, including the first time. */
  onOpen(callback: () => void): void {
    this.#onOpen = callback;
  }

  /** Writes what a source emits, until the subscriber unsubscribes. */
  begin(source: Observable<StreamBytes>, subscriber: Subscriber<never>): void {
    this.#subscriber = subscriber;
    // Nest unsubscribes by itself, but an interceptor of the host may stay subscribed.
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
    // The `write` of such middleware may return nothing. The response then has the answer.
    if (!(hasRoom ?? !this.#response.writableNeedDrain)) this.#becomeFull();
  }

  /**
   * Before the headers are sent, an error becomes the response. Later, Nest would write it as an event
   * with an id of its own, so the connection is closed instead, and the client reconnects with its
   * cursor.
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

/** Passes every value of the source to the writer, and emits nothing to the interceptors of the host. */
export function writeTo(writer: ResponseWriter): OperatorFunction<StreamBytes, never> {
  return (source) => new Observable((subscriber) => writer.begin(source, subscriber));
}
