import type {
  DecisionRecord,
  EventsPage,
  SessionCapabilities,
  SessionInfo,
} from '../../protocol/answers.js';
import type { DeliveredEvent, UserContent } from '../../protocol/events.js';
import type { ChangeSession, InboundMessage } from '../../protocol/inbound.js';
import { MEMBERS, type SessionMember } from '../../protocol/session-members.js';
import type { Caller } from '../caller.js';
import { InvalidRequestError, SessionNotFoundError, ShuttingDownError } from '../errors.js';
import type { EventPage } from '../event-log/committed-events.js';
import type { ReadableSession } from '../session/readable-session.js';
import { parseSessionEvent } from '../session-event.js';
import { checkInteger } from './check-integer.js';
import { FencedError } from '../storage.js';
import type { StorageWait } from '../storage-guard/storage-wait.js';
import type { SessionRegistry } from './session-registry.js';
import { SessionWatch } from './session-watch.js';

/** The maximum size of a page of events, and the default. */
const MAX_PAGE_SIZE = 1000;

/** The longest wait of {@link SessionHandle.read}, in milliseconds: that of a timer of Node.js. */
const MAX_WAIT_MS = 2 ** 31 - 1;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Options of {@link SessionHandle.read}. */
export interface ReadOptions {
  /**
   * How long to wait for the first event when there is none after the cursor, in milliseconds. A read
   * that waits counts as a subscriber.
   *
   * @default 0
   */
  readonly waitMs?: number;
  /** Ends the wait when it aborts. The page is then empty. */
  readonly signal?: AbortSignal;
}

/** Options of {@link SessionHandle.setMembers}. */
export interface SetMembersOptions {
  /**
   * The members that the session has, in any order, so that the change of another caller is not overwritten.
   *
   * @default any
   */
  readonly expectedMembers?: readonly SessionMember[] | undefined;
}

/** Options of {@link SessionHandle.watch}. */
export interface WatchOptions {
  /** Closes the watch when it aborts. */
  readonly signal?: AbortSignal;
}

/**
 * One session, bound to the caller it was requested for.
 *
 * A handle holds no session: each method looks the session up, loads it from the storage where
 * needed, and checks again that the caller may do this. A handle may therefore be kept indefinitely.
 * Every method rejects as the HTTP route does:
 *
 * - `SessionNotFoundError`: the session does not exist, was deleted, or the caller may not read it.
 * - `ForbiddenError`: the caller may read the session, but not do this.
 * - `ShuttingDownError`, `StorageUnavailableError`: the same call may succeed a few seconds later.
 */
export class SessionHandle {
  /** The id of the session, a UUID. */
  readonly id: string;
  readonly #registry: SessionRegistry;
  readonly #caller: Caller;

  /** @internal */
  constructor(registry: SessionRegistry, id: string, caller: Caller) {
    this.#registry = registry;
    this.id = id;
    this.#caller = caller;
  }

  /** Returns the state of the session, as `GET /sessions/:id` does. */
  async info(): Promise<SessionInfo> {
    return this.#registry.info(this.id, this.#caller);
  }

  /**
   * Describes what a client may offer to its user, as `GET /sessions/:id/capabilities` does. It asks the running
   * agent, and starts none.
   */
  async capabilities(): Promise<SessionCapabilities> {
    return this.#registry.capabilities(this.id, this.#caller);
  }

  /**
   * Sends a message to the session: a user message, a reply to a request, an interrupt or a change of
   * the model or the permission mode. Resolves when the message is durable.
   *
   * @param idempotencyKey a user message with a key that was accepted in the last 24 hours is not
   *   accepted again, and the promise resolves
   * @throws ForbiddenError also when the host does not allow the mode, the model, the folder or
   *   the slash command
   * @throws PayloadTooLargeError, BackpressureError, AgentsBusyError for a user message
   * @throws NoPendingRequestError, InvalidRequestError for a reply
   */
  async send(message: InboundMessage, idempotencyKey?: string): Promise<void> {
    await this.#registry.send(this.id, message, this.#caller, idempotencyKey);
  }

  /**
   * Replaces the content of a queued message, as `PATCH /sessions/:id/queue/:message_id` does.
   *
   * @param idempotencyKey an edit with a key that was accepted in the last 24 hours is not made again
   * @throws MessageNotFoundError when the session has accepted no such message in the last 24 hours
   * @throws InvalidRequestError when the id is not a UUID
   * @throws MessageNotQueuedError when the agent has the message, or it was withdrawn
   * @throws PayloadTooLargeError, BackpressureError, ForbiddenError as for a user message
   */
  async editMessage(
    messageId: string,
    content: UserContent,
    idempotencyKey?: string,
  ): Promise<void> {
    checkMessageId(messageId);
    await this.#registry.editMessage(this.id, messageId, content, this.#caller, idempotencyKey);
  }

  /**
   * Removes a message from the queue, as `DELETE /sessions/:id/queue/:message_id` does; again without an effect.
   *
   * @throws MessageNotFoundError when the session has accepted no such message in the last 24 hours
   * @throws InvalidRequestError when the id is not a UUID
   * @throws MessageNotQueuedError when the agent has the message
   */
  async withdrawMessage(messageId: string): Promise<void> {
    checkMessageId(messageId);
    await this.#registry.withdrawMessage(this.id, messageId, this.#caller);
  }

  /**
   * Returns one page of the events after a cursor, as `GET /sessions/:id/events` does. With `waitMs`,
   * waits for the first event. The page is empty when the time is over. A session that is deleted
   * meanwhile returns its `done` event.
   *
   * @param after the id of the last event that is known; 0 for all events that are kept
   * @param limit the size of the page, from 1 to 1000
   * @throws CursorEvictedError, CursorAheadError, CursorLostError, InvalidRequestError
   * @throws TooManySubscribersError when it would have to wait
   */
  async read(
    after = 0,
    limit = MAX_PAGE_SIZE,
    { waitMs = 0, signal }: ReadOptions = {},
  ): Promise<EventsPage> {
    checkInteger('after', after, 0);
    checkInteger('limit', limit, 1, MAX_PAGE_SIZE);
    checkInteger('waitMs', waitMs, 0, MAX_WAIT_MS);
    const wait = this.#registry.wait();
    const session = await this.#registry.subscriptions.at(this.id, this.#caller, after, wait);
    const first = await wait.for(session.read(after, limit));
    const isWaiting = first.events.length === 0 && waitMs > 0;
    return isWaiting ? this.#readLater(session, after, limit, { waitMs, signal }) : toPage(first);
  }

  /**
   * Subscribes to the events after a cursor, then to every later one. Resolves when the subscription
   * is open. Iterate over the result, or close it: an open watch counts as a subscriber.
   *
   * @param after the id of the last event that is known; 0 for all events that are kept
   * @throws CursorEvictedError, CursorAheadError, CursorLostError, TooManySubscribersError, InvalidRequestError
   */
  async watch(after = 0, { signal }: WatchOptions = {}): Promise<SessionWatch> {
    checkInteger('after', after, 0);
    return SessionWatch.open(this.#registry, this.id, this.#caller, after, signal);
  }

  /**
   * Returns the kept decisions about requests of the agent, oldest first, as `GET /sessions/:id/decisions` does.
   *
   * @param after the number after which they begin; 0 for all that are kept
   * @throws InvalidRequestError
   */
  async decisions(after = 0): Promise<DecisionRecord[]> {
    checkInteger('after', after, 0);
    return this.#registry.decisions(this.id, this.#caller, after);
  }

  /**
   * Changes the maximum cost of the session, in US dollars, from the next turn on. It replaces the one
   * of the option `agent.maxBudgetUsd`. Clients cannot change it.
   *
   * @throws InvalidRequestError when it is not a number above 0
   */
  async setMaxBudget(usd: number): Promise<void> {
    if (!Number.isFinite(usd) || usd <= 0) {
      throw new InvalidRequestError(`The budget must be a number above 0, but got ${usd}.`);
    }
    await this.#registry.setMaxBudget(this.id, usd, this.#caller);
  }

  /**
   * Changes the title, the metadata or the archived state of the session, as `PATCH /sessions/:id` does. It starts no
   * agent, and is no use of the session: `last_activity_at` stays.
   *
   * @returns the session after the change
   * @throws InvalidRequestError when the metadata would exceed a bound
   */
  async change(change: ChangeSession): Promise<SessionInfo> {
    await this.#registry.change(this.id, change, this.#caller);
    return this.info();
  }

  /**
   * Replaces the callers with whom the session is shared, and their roles, as `PUT /sessions/:id/members` does. Only its
   * owner may do that. It takes effect at once, also for open streams.
   *
   * @param members at most 50, each with one role; none ends the sharing
   * @returns the session after the change
   * @throws MembersChangedError when the session has other members than the expected ones, and not already the new ones
   * @throws InvalidRequestError
   */
  async setMembers(
    members: readonly SessionMember[],
    { expectedMembers: expected }: SetMembersOptions = {},
  ): Promise<SessionInfo> {
    const problem =
      MEMBERS.findProblem(members, 'members') ??
      (expected === undefined ? null : MEMBERS.findProblem(expected, 'expected_members'));
    if (problem !== null) throw new InvalidRequestError(`${problem}.`);
    await this.#registry.setMembers(this.id, { members, expected }, this.#caller);
    return this.info();
  }

  /** Ends the session and deletes everything that is stored of it, as `DELETE /sessions/:id` does. */
  async close(): Promise<void> {
    await this.#registry.delete(this.id, this.#caller);
  }

  /** Reads a page when there is an event after a cursor, and at the latest after `waitMs`. */
  async #readLater(
    session: ReadableSession,
    after: number,
    limit: number,
    { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal | undefined },
  ): Promise<EventsPage> {
    const watch = await this.watch(after, signal && { signal });
    const timer = setTimeout(() => watch.close(), waitMs);
    const isOwner = session.owner === this.#caller.id;
    try {
      const first = await firstOf(watch);
      // Its record is gone. The watch knows how long the caller could read it.
      if (session.endReason === 'deleted' && !isOwner) return await lastPage(watch, first, limit);
    } finally {
      clearTimeout(timer);
      watch.close();
    }
    const wait = this.#registry.wait();
    const isHere = isOwner && (session.endReason === null || session.endReason === 'deleted');
    const current = isHere ? session : await this.#whereIsNow(session, after, wait);
    return toPage(await wait.for(current.read(after, limit)));
  }

  /** Returns the session where it is after a wait, when the caller may still read it. */
  async #whereIsNow(
    session: ReadableSession,
    after: number,
    wait: StorageWait,
  ): Promise<ReadableSession> {
    try {
      return await this.#registry.subscriptions.at(this.id, this.#caller, after, wait);
    } catch (error) {
      if (error instanceof ShuttingDownError && session.owner === this.#caller.id) return session;
      throw error;
    }
  }
}

/** Returns the next event of a watch; undefined when it was closed, or the session left this server. */
async function firstOf(watch: SessionWatch): Promise<DeliveredEvent | undefined> {
  try {
    return (await watch.next()).value;
  } catch (error) {
    // The next read finds the session where it is now.
    if (error instanceof FencedError) return undefined;
    throw error;
  }
}

/** Returns the last events of a session that was deleted. */
async function lastPage(
  watch: SessionWatch,
  first: DeliveredEvent | undefined,
  limit: number,
): Promise<EventsPage> {
  const events = first ? [first] : [];
  for await (const event of watch) {
    events.push(event);
    if (events.length >= limit) break;
  }
  const last = events.at(-1);
  if (!last) throw new SessionNotFoundError();
  return { events, last_id: last.id, has_more: last.event !== 'done' };
}

function toPage({ events, lastId, hasMore }: EventPage): EventsPage {
  return {
    events: events.map((event) => ({ id: event.id, ...parseSessionEvent(event) })),
    last_id: lastId,
    has_more: hasMore,
  };
}

function checkMessageId(messageId: string): void {
  if (UUID.test(messageId)) return;
  const shown = JSON.stringify(messageId.slice(0, 80));
  throw new InvalidRequestError(`message_id: must be a UUID, but got ${shown}.`);
}
