import type { EventsPage } from '../agent-webkit/protocol/answers.js';
import type { DeliveredEvent } from '../agent-webkit/protocol/events.js';
import { ApiError, EventsLostError } from './api-error.js';
import { Backoff, delay, mayPass, NEVER } from './backoff.js';
import type {
  Connection,
  EventStream,
  EventStreamOptions,
  StreamSettings,
} from './event-stream.js';
import type { Http } from './http.js';
import type { SharedStream } from './shared-stream.js';
import { StreamMember } from './stream-member.js';

/** The delay before events that the server does not have yet are fetched again, in milliseconds. */
const LAG_MS = 1000;

/**
 * The events of one session in the stream of all sessions. Those before it, and those that it leaves out, are
 * fetched. A session that is not in it has a stream of its own, until it is.
 */
export class SharedEvents {
  readonly #http: Http;
  readonly #sessionId: string;
  readonly #stream: SharedStream;
  readonly #own: EventStream;
  readonly #settings: StreamSettings;

  constructor(
    http: Http,
    sessionId: string,
    stream: SharedStream,
    own: EventStream,
    settings: StreamSettings,
  ) {
    this.#http = http;
    this.#sessionId = sessionId;
    this.#stream = stream;
    this.#own = own;
    this.#settings = settings;
  }

  /** Yields events as {@link EventStream.read} does. */
  async *read({
    after = 0,
    signal = NEVER,
    onConnection = () => undefined,
  }: EventStreamOptions): AsyncGenerator<DeliveredEvent, void, undefined> {
    let shown = '';
    let wasOpen = false;
    const show = (connection: Connection) => {
      if (connection.state === 'open') wasOpen = true;
      if (connection.state === shown && shown !== 'waiting') return;
      shown = connection.state;
      onConnection(connection);
    };
    const member = new StreamMember(this.#sessionId, after, this.#stream, show);
    const leave = this.#stream.join(member);
    try {
      while (!signal.aborted) {
        if (member.refusal) throw member.refusal;
        const events =
          member.place === 'outside'
            ? this.#readOwn(member, signal, show)
            : this.#readShared(member, signal, show);
        for await (const event of events) {
          member.lastId = event.id;
          yield event;
          if (event.event === 'done') return;
        }
        if (member.isDeleted && member.place === 'inside') return;
      }
    } catch (error) {
      if (signal.aborted) return;
      // It was deleted while this client was not connected.
      if (wasOpen && error instanceof ApiError && error.status === 404) return;
      throw error;
    } finally {
      leave();
      show({ state: 'closed' });
    }
  }

  /** Yields the events of the session's own stream until the stream of all sessions has it. */
  async *#readOwn(
    member: StreamMember,
    signal: AbortSignal,
    show: (connection: Connection) => void,
  ): AsyncGenerator<DeliveredEvent, void, undefined> {
    const leaving = new AbortController();
    const leave = () => leaving.abort();
    signal.addEventListener('abort', leave, { once: true });
    const adopted = (async () => {
      // oxlint-disable-next-line no-await-in-loop -- until it has moved
      while (member.place === 'outside' && !leaving.signal.aborted)
        await member.changed(leaving.signal);
      leave();
    })();
    try {
      yield* this.#own.read({
        after: member.lastId,
        signal: leaving.signal,
        onConnection: (connection) => {
          if (connection.state !== 'closed') show(connection);
        },
      });
      // The session's own stream ended with the session.
      if (!leaving.signal.aborted) member.isDeleted = true;
      if (member.isDeleted) member.place = 'inside';
    } finally {
      signal.removeEventListener('abort', leave);
      leave();
      await adopted;
    }
  }

  /** Yields the events that wait, fetches those that are missing, and returns to have the place checked. */
  async *#readShared(
    member: StreamMember,
    signal: AbortSignal,
    show: (connection: Connection) => void,
  ): AsyncGenerator<DeliveredEvent, void, undefined> {
    const backoff = new Backoff(this.#settings.backoff);
    while (member.place !== 'outside' && !member.refusal && !signal.aborted) {
      const next = member.take();
      if (next) {
        yield next;
      } else if (member.isBehind) {
        // oxlint-disable-next-line no-await-in-loop -- events follow one another
        yield* await this.#fetch(member, backoff, signal, show);
      } else if (member.isDeleted) {
        return;
      } else {
        // oxlint-disable-next-line no-await-in-loop -- until something changes
        await member.changed(signal);
      }
    }
  }

  async #fetch(
    member: StreamMember,
    backoff: Backoff,
    signal: AbortSignal,
    show: (connection: Connection) => void,
  ): Promise<readonly DeliveredEvent[]> {
    const { lastId } = member;
    const path = `/sessions/${encodeURIComponent(this.#sessionId)}/events?after=${lastId}`;
    try {
      const page = await this.#http.send<EventsPage>({ path, signal });
      backoff.reset();
      member.isUnsure = false;
      if (page.events.length === 0) await this.#skip(member, page.last_id, signal);
      if (this.#stream.isOpen) show({ state: 'open' });
      return page.events;
    } catch (error) {
      if (signal.aborted) return [];
      if (error instanceof ApiError && error.status === 412) throw new EventsLostError(lastId);
      if (!mayPass(error)) throw error;
      const delayMs = backoff.next(error);
      show({ state: 'waiting', delayMs, failures: backoff.failures, error });
      await delay(delayMs, signal);
      return [];
    }
  }

  /** The server has no further events: it no longer keeps them, or this server of several does not know them yet. */
  async #skip(member: StreamMember, lastId: number, signal: AbortSignal): Promise<void> {
    if (lastId > member.lastId) member.lastId = lastId;
    else if (member.isBehind) await delay(LAG_MS, signal);
  }
}
