import type { Writable } from 'node:stream';
import { Logger, type MessageEvent } from '@nestjs/common';
import { Observable, type Subscriber } from 'rxjs';
import type { Session } from '../engine/session/session.js';
import type { Subscription } from '../engine/event-log/subscription.js';
import type { FollowedSession } from './followed-session.guard.js';
import type { ResolvedOptions } from '../options/resolved-options.js';

/** The response under the adapter's own: what is written to it goes to the client as it is. */
export interface RawResponse extends Writable {
  readonly headersSent: boolean;
}

export type StreamOptions = Pick<
  ResolvedOptions,
  'keepAliveMs' | 'verifyIntervalMs' | 'maxWaitingBytes'
>;

/** How many bytes of events one write takes. */
const MAX_BYTES_PER_WRITE = 64 * 1024;
const KEEP_ALIVE = ': keepalive\n\n';
const logger = new Logger('AgentWebkit');

/**
 * A session's events after a cursor, for `@Sse`.
 *
 * Nest owns the response: its headers, its end, the client's leaving. The events themselves are
 * written to it as ready bytes, as many as there are and only while the client reads: what it does
 * not read stays in the session's log, which everybody shares. So are the comments that keep the
 * connection alive: the Observable only ends, because what it emitted would go through the host's
 * interceptors, and out of one that wraps answers it would come with an id that Nest invents.
 *
 * Errors with the refusal of what {@link Session.subscribe} throws; where the headers are sent
 * already, because the host's interceptors took their time, the connection is cut instead.
 *
 * @param isAllowed asked meanwhile; when it says no, the stream ends. Never rejects.
 */
export function streamSession(
  { session, after, refuse }: FollowedSession,
  response: RawResponse,
  options: StreamOptions,
  isAllowed: () => Promise<boolean>,
): Observable<MessageEvent> {
  return new Observable((subscriber) => {
    if (response.destroyed) return subscriber.complete(); // it left before this began
    let stream: SessionStream;
    try {
      stream = new SessionStream(session, after, response, subscriber, options, isAllowed);
    } catch (error) {
      if (!response.headersSent) throw refuse(error);
      // Too late for an answer. Nest would write it as an event, with an id of its own.
      response.destroy();
      return subscriber.complete();
    }
    subscriber.add(() => stream.close());
    stream.begin();
  });
}

/** One client's stream. There are many that wait, so it has little: no listener, no function it can do without. */
class SessionStream {
  readonly #sessionId: string;
  readonly #response: RawResponse;
  readonly #subscriber: Subscriber<MessageEvent>;
  readonly #subscription: Subscription;
  readonly #maxWaitingBytes: number;
  readonly #isAllowed: () => Promise<boolean>;
  readonly #keepAlive: NodeJS.Timeout | undefined;
  readonly #verification: NodeJS.Timeout | undefined;
  // The response's `write` and state are known here, and not asked of it for each event: on Express
  // before Node 24 every response has a hidden class of its own, and looking at many of them is slow.
  #writeResponse!: (bytes: Buffer | string) => boolean | undefined;
  #hasBegun = false;
  #isFull = false;
  #listensToDrain = false;
  #isVerifying = false;
  #isClosed = false;

  constructor(
    session: Session,
    after: number,
    response: RawResponse,
    subscriber: Subscriber<MessageEvent>,
    { keepAliveMs, verifyIntervalMs, maxWaitingBytes }: StreamOptions,
    isAllowed: () => Promise<boolean>,
  ) {
    this.#sessionId = session.id;
    this.#response = response;
    this.#subscriber = subscriber;
    this.#maxWaitingBytes = maxWaitingBytes;
    this.#isAllowed = isAllowed;
    this.#subscription = session.subscribe(after, () => this.#onReadable());
    if (keepAliveMs !== null) this.#keepAlive = setInterval(() => this.#beat(), keepAliveMs);
    if (verifyIntervalMs !== null) {
      this.#verification = setInterval(() => void this.#verify(), verifyIntervalMs);
    }
    // Nest unsubscribes, but what an interceptor of the host has subscribed by itself stays.
    response.on('close', () => subscriber.complete());
  }

  /** Nest commits the headers in a task of its own; nothing may be written before. */
  begin(): void {
    if (this.#isClosed) return;
    if (!this.#response.headersSent) {
      setImmediate(() => this.begin());
      return;
    }
    this.#hasBegun = true;
    // oxlint-disable-next-line typescript/unbound-method -- it is called with its response
    this.#writeResponse = this.#response.write;
    this.#writeEvents();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#keepAlive);
    clearInterval(this.#verification);
    this.#subscription.close();
  }

  #onReadable(): void {
    const isStuck = this.#isFull && this.#subscription.waitingBytes > this.#maxWaitingBytes;
    if (isStuck) this.#cutOff();
    else if (this.#hasBegun) this.#writeEvents();
  }

  #writeEvents(): void {
    while (!this.#isClosed && !this.#isFull) {
      const reading = this.#subscription.readFrames(MAX_BYTES_PER_WRITE);
      switch (reading.kind) {
        case 'frames':
          this.#write(reading.bytes);
          break;
        case 'caught_up':
          return;
        case 'ended':
          return this.#subscriber.complete();
        case 'overtaken':
          return this.#cutOff();
        default:
          reading satisfies never;
      }
    }
  }

  #beat(): void {
    if (this.#hasBegun && !this.#isFull) this.#write(KEEP_ALIVE);
  }

  /**
   * Middleware of the host may have put a `write` of its own in place. It may throw, which is this
   * client's loss and nobody else's; or forget to return whether there is room for more, and then the
   * response is asked.
   */
  #write(bytes: Buffer | string): void {
    let hasRoom: boolean | undefined;
    try {
      hasRoom = this.#writeResponse.call(this.#response, bytes);
    } catch (error) {
      logger.error(
        `Session ${this.#sessionId}: a stream cannot be written, so it is cut off.`,
        error,
      );
      return this.#cutOff();
    }
    if (hasRoom ?? !this.#response.writableNeedDrain) return;
    this.#isFull = true;
    if (this.#listensToDrain) return;
    this.#listensToDrain = true;
    this.#response.on('drain', () => {
      this.#isFull = false;
      this.#writeEvents();
    });
  }

  /** So that the client, if it still lives, sees a fault and comes back with its cursor. */
  #cutOff(): void {
    this.#response.destroy();
    this.#subscriber.complete();
  }

  async #verify(): Promise<void> {
    if (this.#isVerifying) return; // one that takes long is not asked for once more
    this.#isVerifying = true;
    if (!(await this.#isAllowed())) this.#subscriber.complete();
    this.#isVerifying = false;
  }
}
