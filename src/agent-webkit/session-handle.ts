import { Observable } from 'rxjs';
import type {
  ReadOptions,
  SetMembersOptions,
  SessionHandle as EngineSessionHandle,
} from './engine/registry/session-handle.js';
import type {
  DecisionRecord,
  EventsPage,
  SessionCapabilities,
  SessionInfo,
} from './protocol/answers.js';
import type { DeliveredEvent, UserContent } from './protocol/events.js';
import type { ChangeSession, InboundMessage } from './protocol/inbound.js';
import type { SessionMember } from './protocol/session-members.js';

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
 *
 * In a route handler, map these errors with `AgentWebkitErrorInterceptor` to the answers that the
 * module's own routes give.
 */
export class SessionHandle {
  /** The id of the session, a UUID. */
  readonly id: string;
  readonly #session: EngineSessionHandle;

  /** @internal */
  constructor(session: EngineSessionHandle) {
    this.id = session.id;
    this.#session = session;
  }

  /** Returns the state of the session, as `GET /sessions/:id` does. */
  info(): Promise<SessionInfo> {
    return this.#session.info();
  }

  /**
   * Describes what a client may offer to its user, as `GET /sessions/:id/capabilities` does. It asks the running
   * agent, and starts none.
   */
  capabilities(): Promise<SessionCapabilities> {
    return this.#session.capabilities();
  }

  /**
   * Sends a message to the session: a user message, a reply to a request, an interrupt or a change of
   * the model or the permission mode. Resolves when the message is durable.
   *
   * @param idempotencyKey a user message with a key that was accepted in the last 24 hours is not
   *   accepted again, and the promise resolves
   * @throws ForbiddenError also when the host does not allow the mode, the model or the folder
   * @throws PayloadTooLargeError, BackpressureError, AgentsBusyError for a user message
   * @throws NoPendingRequestError, InvalidRequestError for a reply
   */
  send(message: InboundMessage, idempotencyKey?: string): Promise<void> {
    return this.#session.send(message, idempotencyKey);
  }

  /**
   * Replaces the content of a queued message, as `PATCH /sessions/:id/queue/:message_id` does.
   *
   * @param idempotencyKey an edit with a key that was accepted in the last 24 hours is not made again
   * @throws MessageNotFoundError when the session has accepted no such message in the last 24 hours
   * @throws MessageNotQueuedError when the agent has the message, or it was withdrawn
   * @throws PayloadTooLargeError, BackpressureError, ForbiddenError as for a user message
   */
  editMessage(messageId: string, content: UserContent, idempotencyKey?: string): Promise<void> {
    return this.#session.editMessage(messageId, content, idempotencyKey);
  }

  /**
   * Removes a message from the queue, as `DELETE /sessions/:id/queue/:message_id` does; again without an effect.
   *
   * @throws MessageNotFoundError when the session has accepted no such message in the last 24 hours
   * @throws MessageNotQueuedError when the agent has the message
   */
  withdrawMessage(messageId: string): Promise<void> {
    return this.#session.withdrawMessage(messageId);
  }

  /**
   * Returns one page of the events after a cursor, as `GET /sessions/:id/events` does. With `waitMs`,
   * waits for the first event. The page is empty when the time is over. A session that is deleted
   * meanwhile returns its `done` event.
   *
   * @param after the id of the last event that is known; 0 for all events that are kept
   * @param limit the size of the page, from 1 to 1000; 1000 by default
   * @throws CursorEvictedError, CursorAheadError, CursorLostError, InvalidRequestError
   * @throws TooManySubscribersError when it would have to wait
   */
  read(after = 0, limit?: number, options?: ReadOptions): Promise<EventsPage> {
    return this.#session.read(after, limit, options);
  }

  /**
   * Returns an Observable of the events after a cursor, then of every later one, in order and each
   * one once. It subscribes to the session when it is subscribed to, and counts as a subscriber.
   * Unsubscribing stops the watch, never the agent.
   *
   * It completes after the `done` event of a session that was deleted. It errors:
   *
   * - with what the other methods reject with, also when the caller loses access while it watches;
   * - with `CursorAheadError`, `CursorLostError`, `TooManySubscribersError`, or `CursorEvictedError` when
   *   the event after the cursor is no longer kept;
   * - with `FencedError` when another server took the session over, or deleted it, or when the storage
   *   was restored to an earlier state.
   *
   * @param after the id of the last event that is known; 0 for all events that are kept
   */
  watch(after = 0): Observable<DeliveredEvent> {
    return new Observable((subscriber) => {
      const left = new AbortController();
      subscriber.add(() => left.abort());
      const deliver = async () => {
        const events = await this.#session.watch(after, { signal: left.signal });
        for await (const event of events) subscriber.next(event);
      };
      deliver().then(
        () => subscriber.complete(),
        (error: unknown) => subscriber.error(error),
      );
    });
  }

  /**
   * Returns the kept decisions about requests of the agent, oldest first, as `GET /sessions/:id/decisions` does.
   *
   * @param after the number after which they begin; 0 for all that are kept
   * @throws InvalidRequestError
   */
  decisions(after = 0): Promise<DecisionRecord[]> {
    return this.#session.decisions(after);
  }

  /**
   * Changes the maximum cost of the session, in US dollars, from the next turn on. It replaces the one
   * of the option `agent.maxBudgetUsd`. Clients cannot change it.
   *
   * @throws InvalidRequestError when it is not a number above 0
   */
  setMaxBudget(usd: number): Promise<void> {
    return this.#session.setMaxBudget(usd);
  }

  /**
   * Changes the title, the metadata or the archived state of the session, as `PATCH /sessions/:id` does. It starts no
   * agent, and is no use of the session: `last_activity_at` stays.
   *
   * @returns the session after the change
   * @throws InvalidRequestError when the metadata would exceed a bound
   */
  change(change: ChangeSession): Promise<SessionInfo> {
    return this.#session.change(change);
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
  setMembers(
    members: readonly SessionMember[],
    options: SetMembersOptions = {},
  ): Promise<SessionInfo> {
    return this.#session.setMembers(members, options);
  }

  /** Ends the session and deletes everything that is stored of it, as `DELETE /sessions/:id` does. */
  close(): Promise<void> {
    return this.#session.close();
  }
}
