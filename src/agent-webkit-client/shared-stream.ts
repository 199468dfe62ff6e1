import type { SessionInfo } from '../agent-webkit/protocol/answers.js';
import type { DeliveredEvent } from '../agent-webkit/protocol/events.js';
import { ApiError } from './api-error.js';
import { Backoff, type BackoffOptions, delay, mayPass } from './backoff.js';
import type { Connection } from './event-stream.js';
import { readFrames } from './frame-stream.js';
import type { Http } from './http.js';
import type { Frame } from './sse-parser.js';

/** An event of a session, or of the stream of all sessions itself. */
export type Update =
  /** The first one of each connection: the sessions, and the event after which each one begins. */
  | {
      readonly event: 'stream_start';
      readonly session_id: null;
      readonly data: {
        readonly sessions: readonly { readonly session_id: string; readonly last_id: number }[];
        /** True if these are all sessions of the caller. */
        readonly complete: boolean;
      };
    }
  /** The caller has a new session. All of its events follow. */
  | { readonly event: 'session_created'; readonly session_id: string; readonly data: SessionInfo }
  /** The caller is a member of the session from now on. Its events after `last_id` follow. */
  | { readonly event: 'session_shared'; readonly session_id: string; readonly data: SessionInfo }
  /** The caller may no longer read the session, or it was deleted. No later event of it follows. */
  | {
      readonly event: 'session_unshared' | 'session_unreadable' | 'session_deleted';
      readonly session_id: string;
      readonly data: object;
    }
  /** The events of the session after `after_id` and up to `last_id` do not follow. */
  | {
      readonly event: 'stream_gap';
      readonly session_id: string;
      readonly data: { readonly after_id: number; readonly last_id: number };
    }
  | ({ readonly session_id: string } & DeliveredEvent);

/** The events of the stream itself. */
const OWN_EVENTS = new Set([
  'stream_start',
  'session_created',
  'session_shared',
  'session_unshared',
  'session_unreadable',
  'session_deleted',
  'stream_gap',
]);

/** Returns the id of the session that leaves the stream with an update; null if none does. */
export function sessionThatLeaves({ event, session_id: id }: Update): string | null {
  const leaves =
    event === 'session_deleted' || event === 'session_unshared' || event === 'session_unreadable';
  return leaves ? id : null;
}

export interface StreamListener {
  onConnection(connection: Connection): void;
  onUpdate(update: Update): void;
  /** Called once when the stream has ended for good: with the refusal, or with null if the server has no such stream. */
  onEnd(error: ApiError | null): void;
}

export interface SharedStreamSettings {
  readonly silenceMs: number;
  readonly backoff: BackoffOptions | undefined;
}

/**
 * The stream of all sessions of the caller. It is open while it has listeners, and goes on after the last position that
 * it received when its connection breaks. The server can send events again then, and tells of gaps.
 */
export class SharedStream {
  readonly #http: Http;
  readonly #settings: SharedStreamSettings;
  readonly #listeners = new Set<StreamListener>();
  /** The sessions of the stream, and the last event of each one that was received or skipped. */
  readonly #lastIds = new Map<string, number>();
  #connection: Connection = { state: 'closed' };
  /** Ends the connections; null while there are no listeners. */
  #closing: AbortController | null = null;
  #isMissing = false;

  constructor(http: Http, settings: SharedStreamSettings) {
    this.#http = http;
    this.#settings = settings;
  }

  /** True while it receives events: the sessions of it are known. */
  get isOpen(): boolean {
    return this.#connection.state === 'open';
  }

  /** The last event of a session up to now; undefined if the session is not in the stream. */
  lastIdOf(sessionId: string): number | undefined {
    return this.#lastIds.get(sessionId);
  }

  /** Adds a listener. Returns a function that removes it, and closes the stream with the last one. */
  join(listener: StreamListener): () => void {
    if (this.#isMissing) {
      listener.onEnd(null);
      return () => undefined;
    }
    this.#listeners.add(listener);
    if (this.#closing) {
      listener.onConnection(this.#connection);
    } else {
      this.#closing = new AbortController();
      void this.#run(this.#closing.signal);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#close();
    };
  }

  async #run(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(this.#settings.backoff);
    let position: string | null = null;
    while (!signal.aborted) {
      let failure: unknown = null;
      this.#show({ state: 'connecting' });
      try {
        const frames = readFrames(this.#http, {
          path: '/stream',
          lastEventId: position,
          signal,
          silenceMs: this.#settings.silenceMs,
          onOpen: () => undefined,
        });
        // oxlint-disable-next-line no-await-in-loop -- connections follow one another
        for await (const frame of frames) {
          if (isAborted(signal)) return;
          this.#take(frame);
          if (frame.id !== '') position = frame.id;
          backoff.reset();
        }
      } catch (error) {
        failure = error;
      }
      if (isAborted(signal)) return;
      const isRefused = failure instanceof ApiError && !mayPass(failure);
      // Without the position, each reader fetches what it lacks.
      if (isRefused && position === null) return this.#end(failure as ApiError);
      if (isRefused) position = null;
      const delayMs = backoff.next(failure);
      this.#show({ state: 'waiting', delayMs, failures: backoff.failures, error: failure });
      // oxlint-disable-next-line no-await-in-loop -- as above
      await delay(delayMs, signal);
    }
  }

  #take({ event, data }: Frame): void {
    const { session_id, id, payload } = JSON.parse(data) as {
      session_id: string | null;
      id?: number;
      payload: unknown;
    };
    const update = { event, session_id, data: payload, ...(id !== undefined && { id }) } as Update;
    // Further events of the stream itself, such as the one that only carries its position.
    if (id === undefined && !OWN_EVENTS.has(event)) return;
    this.#note(update);
    if (update.event === 'stream_start') this.#show({ state: 'open' });
    for (const listener of this.#listeners) listener.onUpdate(update);
  }

  #note(update: Update): void {
    const left = sessionThatLeaves(update);
    if (left !== null) {
      this.#lastIds.delete(left);
    } else if (update.event === 'stream_start') {
      this.#lastIds.clear();
      for (const { session_id, last_id } of update.data.sessions)
        this.#lastIds.set(session_id, last_id);
    } else if (update.event === 'session_created') {
      this.#lastIds.set(update.session_id, 0);
    } else if (update.event === 'session_shared') {
      this.#lastIds.set(update.session_id, update.data.last_id);
    } else if (update.event === 'stream_gap') {
      this.#lastIds.set(update.session_id, update.data.last_id);
    } else if ('id' in update) {
      const last = this.#lastIds.get(update.session_id) ?? 0;
      this.#lastIds.set(update.session_id, Math.max(last, update.id));
    }
  }

  #show(connection: Connection): void {
    this.#connection = connection;
    for (const listener of this.#listeners) listener.onConnection(connection);
  }

  #end(error: ApiError): void {
    // Servers of an earlier version have no such route.
    this.#isMissing = error.status === 404 || error.status === 405;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    this.#close();
    for (const listener of listeners) listener.onEnd(this.#isMissing ? null : error);
  }

  #close(): void {
    this.#closing?.abort();
    this.#closing = null;
    this.#lastIds.clear();
    this.#connection = { state: 'closed' };
  }
}

/** Read anew: the compiler takes a signal for unchanged. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;
