import type { DeliveredEvent } from '../agent-webkit/protocol/events.js';
import type { EventsPage } from '../agent-webkit/protocol/answers.js';
import { Backoff, type BackoffOptions, delay, mayPass, NEVER, type Retry } from './backoff.js';
import { readFrames } from './frame-stream.js';
import type { Http } from './http.js';
import { EventsLostError, ApiError } from './api-error.js';

/**
 * How events are received.
 *
 * - `stream`: server-sent events, by a connection for each reader.
 * - `shared`: server-sent events of all sessions of the caller by one connection, also of those that are not read.
 * - `poll`: requests that wait at the server, for platforms whose `fetch` cannot read a response piece by piece, such as
 *   React Native.
 */
export type Transport = 'stream' | 'shared' | 'poll';

/** The connection of a stream. */
export type Connection =
  | { readonly state: 'connecting' | 'open' | 'closed' }
  /** It is opened again after `delayMs`, after this number of failures in a row. The error is null if it just ended. */
  | ({ readonly state: 'waiting' } & Retry);

export interface EventStreamOptions {
  /** The id of the last event that was received; 0 for all events that the server has. @default 0 */
  readonly after?: number;
  /** Ends the stream. */
  readonly signal?: AbortSignal;
  /** Called when the connection changes. */
  readonly onConnection?: (connection: Connection) => void;
}

export interface StreamSettings {
  readonly transport: Transport;
  /** How long a stream may be silent before it is opened anew, in milliseconds. Servers write every 15 seconds. */
  readonly silenceMs: number;
  readonly backoff: BackoffOptions | undefined;
}

/** An event, and its id as the server sent it. It is sent back unchanged. */
interface Received {
  readonly id: string;
  readonly event: DeliveredEvent;
}

/** How long a poll waits at the server, in seconds. */
const POLL_WAIT_S = 25;
/** The shortest time between two polls without an event, in milliseconds. */
const POLL_PAUSE_MS = 1000;

/** The events of one session, over as many connections as it takes: each event once, in order, without a gap. */
export class EventStream {
  readonly #http: Http;
  readonly #path: string;
  readonly #settings: StreamSettings;

  constructor(http: Http, sessionId: string, settings: StreamSettings) {
    this.#http = http;
    this.#path = `/sessions/${encodeURIComponent(sessionId)}`;
    this.#settings = settings;
  }

  /**
   * Yields the events after a cursor. Ends when the session ends or is deleted, or the signal aborts.
   *
   * @throws EventsLostError when the server no longer has the events after the cursor
   * @throws ApiError when the server refuses the stream for good
   */
  async *read({
    after = 0,
    signal = NEVER,
    onConnection = () => undefined,
  }: EventStreamOptions): AsyncGenerator<DeliveredEvent, void, undefined> {
    const backoff = new Backoff(this.#settings.backoff);
    let wasOpen = false;
    const opened = () => {
      wasOpen = true;
      onConnection({ state: 'open' });
    };
    let cursor = String(after);
    let lastId = after;
    try {
      while (!signal.aborted) {
        let failure: unknown = null;
        onConnection({ state: 'connecting' });
        try {
          for await (const { id, event } of this.#connect(cursor, signal, opened)) {
            // A proxy may repeat what it has sent.
            if (event.id <= lastId) continue;
            cursor = id;
            lastId = event.id;
            backoff.reset();
            yield event;
            if (event.event === 'done') return;
          }
        } catch (error) {
          if (isAborted(signal)) return;
          if (error instanceof ApiError && error.status === 412) throw new EventsLostError(lastId);
          // It was deleted while this client was not connected.
          if (wasOpen && error instanceof ApiError && error.status === 404) return;
          if (!mayPass(error)) throw error;
          failure = error;
        }
        if (isAborted(signal)) return;
        const delayMs = backoff.next(failure);
        onConnection({ state: 'waiting', delayMs, failures: backoff.failures, error: failure });
        await delay(delayMs, signal);
      }
    } finally {
      onConnection({ state: 'closed' });
    }
  }

  /** Yields what one connection receives. */
  #connect(after: string, signal: AbortSignal, opened: () => void): AsyncGenerator<Received> {
    return this.#settings.transport === 'poll'
      ? this.#poll(after, signal, opened)
      : this.#stream(after, signal, opened);
  }

  async *#stream(after: string, signal: AbortSignal, onOpen: () => void) {
    const frames = readFrames(this.#http, {
      path: `${this.#path}/stream`,
      lastEventId: after === '0' ? null : after,
      signal,
      silenceMs: this.#settings.silenceMs,
      onOpen,
    });
    for await (const { id, event, data } of frames)
      yield { id, event: { id: Number(id), event, data: JSON.parse(data) } as DeliveredEvent };
  }

  async *#poll(after: string, signal: AbortSignal, opened: () => void) {
    let cursor = after;
    for (let waitS = 0; ; waitS = POLL_WAIT_S) {
      const askedAt = performance.now();
      const page = await this.#http.send<EventsPage>({
        path: `${this.#path}/events?after=${cursor}&wait=${waitS}`,
        signal,
      });
      if (waitS === 0) opened();
      for (const event of page.events) {
        cursor = String(event.id);
        yield { id: cursor, event };
      }
      // Something between here and the server does not let it wait.
      const isHasty = page.events.length === 0 && performance.now() - askedAt < POLL_PAUSE_MS;
      if (waitS > 0 && isHasty) await delay(POLL_PAUSE_MS, signal);
    }
  }
}

/** Read anew: the compiler takes a signal for unchanged. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;
