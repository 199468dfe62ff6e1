import {
  PROTOCOL_VERSION,
  type SessionStateName,
  type UserContent,
  type WireEvent,
} from '../../protocol/events.js';
import type { ChangeSession, InboundMessage } from '../../protocol/inbound.js';
import type { SessionConfig } from '../agent-client.js';
import { askOffers } from '../agent/ask-offers.js';
import { type AgentOffers, NO_OFFERS } from '../agent-offers.js';
import type { Caller } from '../caller.js';
import type { SessionWork } from '../census.js';
import { SessionBusyError, TooManySubscribersError } from '../errors.js';
import type { EventPage } from '../event-log/committed-events.js';
import type { Subscription } from '../event-log/subscription.js';
import { timeOf } from '../session-event.js';
import { type CallerRole, type MembersChange, roleOf } from '../session-members.js';
import type { SessionRecord } from '../storage.js';
import { StorageWait } from '../storage-guard/storage-wait.js';
import { AccessChangedError } from './access-changed-error.js';
import { type Answer, isAnswer } from './answering.js';
import { acceptMessage } from './accept-message.js';
import { changeDetails } from './change-details.js';
import type { ReadableSession } from './readable-session.js';
import type { SessionDependencies } from './session-dependencies.js';
import { type DescribedSession, describeSession } from './session-info.js';
import type { EndReason, SessionEnd } from './session-lifecycle.js';
import { SessionParts } from './session-parts.js';
import { setMembers } from './set-members.js';
import { describeWork } from './stored-status.js';
import { tracedTurns } from './traced-turns.js';
import { errorEvent } from './turn-events.js';

const EVENT_NOT_STORED =
  'An event of this session could not be stored, and is lost. ' +
  'The session continues after its last stored event.';

/**
 * One conversation with an agent, shared by all clients that subscribe to it.
 *
 * Its log is the only record: queued messages, the running turn and open requests are read from the
 * log's state. The agent is replaceable: it is stopped when it is idle, it may crash, and the next
 * message starts another one that resumes the conversation. The session ends only by {@link end}, or
 * when its storage permanently rejects its events.
 */
export class Session implements ReadableSession {
  readonly #parts: SessionParts;
  /** One function for all subscriptions, because there are many. */
  readonly #onUnsubscribed = () => {
    this.#parts.activity.update();
    this.#parts.deps.onSubscribers?.(this.id);
  };

  private constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Creates a new session, whose agent starts in the background. */
  static async create(record: SessionRecord, deps: SessionDependencies): Promise<Session> {
    const parts = SessionParts.create(record, deps);
    if (!deps.slots.areBusy) parts.status?.expectAgent();
    await parts.log.append(sessionReady(record.id));
    if (!deps.slots.areBusy) parts.gate.warmUp();
    parts.activity.update();
    return new Session(parts);
  }

  /**
   * Restores a session from the storage. Queued messages resume, and a running turn is reported as
   * interrupted. Resolves to null when the session has ended and only its removal is left.
   *
   * @param isReset true when the storage could not store an event of the session, which is reported
   */
  static async restore(
    record: SessionRecord,
    deps: SessionDependencies,
    isReset = false,
  ): Promise<Session | null> {
    const parts = await SessionParts.restore(record, deps);
    if (parts.log.state.closed) return null;
    // A server stopped after it stored the record, and before it appended the first event.
    if (parts.log.lastSeq === 0) await parts.log.append(sessionReady(record.id));
    if (isReset) await parts.log.append(errorEvent('event_not_stored', EVENT_NOT_STORED));
    deps.tracer?.restored(record, tracedTurns(parts.log.state));
    parts.gate.recover();
    parts.activity.update();
    return new Session(parts);
  }

  get id(): string {
    return this.#parts.record.id;
  }

  get owner(): string {
    return this.#parts.record.owner;
  }

  /** The epoch at which this server took over the session. */
  get epoch(): number {
    return this.#parts.record.epoch;
  }

  /** True while the session has never had a message or a turn, committed or not. */
  get isEmpty(): boolean {
    const { hasConversation, queue } = this.#parts.log.state;
    return !hasConversation && queue.length === 0;
  }

  /** The seq of the last committed event, 0 while there is none. */
  get lastSeq(): number {
    return this.#parts.log.lastSeq;
  }

  /** The open work of the session, as of its last committed event. */
  get work(): SessionWork {
    const { log, activity } = this.#parts;
    const { requests, queue } = log.committed;
    return {
      ...log.unread,
      state: activity.committedState,
      hasAgent: activity.hasAgent,
      queued: queue.length,
      uncommitted: log.uncommitted,
      requests: [...requests.values()].map(({ event }) => ({
        type: event.name,
        openedAt: timeOf(event),
      })),
    };
  }

  /** The number of subscribers on this server. */
  get subscribers(): number {
    return this.#parts.log.subscribers;
  }

  get firstId(): number {
    return this.#parts.log.firstId;
  }

  get lastId(): number {
    return this.#parts.log.lastId;
  }

  get config(): Readonly<SessionConfig> {
    return this.#parts.record.config;
  }

  /** The ids of the conversations that the agent began after its first one, the newest last. */
  get laterConversations(): readonly string[] {
    return this.#parts.log.state.laterConversations;
  }

  get state(): SessionStateName {
    return this.#parts.activity.state;
  }

  /** When the agent became idle, as `performance.now()`; null while it works or there is none. */
  get idleSince(): number | null {
    return this.#parts.activity.idleSince;
  }

  /** The reason why the session has ended or is ending on this server; null while it lives. */
  get endReason(): EndReason | null {
    return this.#parts.lifecycle.endReason;
  }

  /** True while the session has subscribers or work to do. */
  get isActive(): boolean {
    return this.#parts.activity.isActive;
  }

  /**
   * Resolves to true when another server has taken the session over, or when the storage has lost events
   * of it. This server notices both by itself when it next writes.
   */
  isTakenOver(): Promise<boolean> {
    return this.#parts.lifecycle.isTakenOver();
  }

  /** Ends the session on this server if {@link isTakenOver} is true. Never rejects. */
  checkOwnership(): Promise<void> {
    return this.#parts.lifecycle.checkOwnership();
  }

  /**
   * Accepts a client's message. Resolves when the message cannot be lost any more.
   *
   * @param by the caller, whose id other subscribers see
   * @param idempotencyKey a user message whose key was accepted before has no effect
   * @param wait how long the request may still wait for the storage
   * @param isPermitted asked when nothing is awaited any more: false when the access of the caller has changed
   * @throws AccessChangedError when `isPermitted` returns false; nothing has happened then
   * @throws StorageUnavailableError when the storage does not answer in time
   * @throws ForbiddenError when the host does not let the caller answer the request
   * @throws NoRunningTaskError when the task to stop does not run
   * @throws AgentsBusyError when the message needs an agent and no slot is or becomes free
   * @throws SessionNotFoundError, ShuttingDownError when the session has ended
   */
  async accept(
    message: InboundMessage,
    by: Caller,
    idempotencyKey?: string,
    wait = this.#wait(),
    isPermitted: () => boolean = () => true,
  ): Promise<void> {
    const { lifecycle, log } = this.#parts;
    if (isAnswer(message)) await this.#authorize(message, by);
    if (!isPermitted()) throw new AccessChangedError();
    // Otherwise without an await: a deletion that begins later must not come before the message.
    if (lifecycle.isDeleting) await wait.for(lifecycle.end('deleted', 0));
    lifecycle.assertLiving();
    if (log.isTroubled) throw wait.unavailable();
    const { activity } = this.#parts;
    const assertAccepted = () => {
      lifecycle.assertLiving();
      if (!isPermitted()) throw new AccessChangedError();
    };
    await wait.for(
      activity.during(acceptMessage(this.#parts, message, by, idempotencyKey, assertAccepted)),
    );
  }

  /** Returns the role of a caller, committed or not; null for a caller who is not a member. */
  roleOf({ id }: Caller): CallerRole | null {
    return roleOf({ owner: this.owner, details: this.#parts.log.state.details }, id);
  }

  /** Without the limit of the waiting for the storage: the host may take its time. */
  async #authorize(answer: Answer, by: Caller): Promise<void> {
    const { lifecycle, requests } = this.#parts;
    if (lifecycle.isLiving) await requests.authorize(answer, by);
  }

  /**
   * Subscribes to the events after a cursor; 0 for all that are kept. The caller closes the subscription.
   *
   * @throws what {@link checkSubscribable} throws
   */
  subscribe(after: number, onReadable: () => void): Subscription {
    this.checkSubscribable(after);
    return this.subscribeChecked(after, onReadable);
  }

  /**
   * Subscribes as {@link subscribe} does, after a cursor that {@link checkSubscribable} accepted. If
   * its next event was evicted since, the first reading is `overtaken`.
   *
   * @throws TooManySubscribersError
   */
  subscribeChecked(after: number, onReadable: () => void): Subscription {
    this.#checkCapacity();
    const { activity, log } = this.#parts;
    const subscription = log.subscribeChecked(after, onReadable, this.#onUnsubscribed);
    activity.stopTimers();
    this.#parts.deps.onSubscribers?.(this.id);
    return subscription;
  }

  /**
   * Throws if {@link subscribe} would throw now.
   *
   * @throws TooManySubscribersError, CursorEvictedError, CursorAheadError or CursorLostError
   */
  checkSubscribable(after: number): void {
    this.#checkCapacity();
    this.#parts.log.checkCursor(after);
  }

  #checkCapacity(): void {
    const { log, deps } = this.#parts;
    const { maxSubscribers } = deps.limits;
    if (log.subscribers >= maxSubscribers) throw new TooManySubscribersError(maxSubscribers);
  }

  /** Counts the idle time from now on, because no other server has subscribers any more. */
  onUnfollowed(): void {
    this.#parts.activity.update();
  }

  /** True when a cursor is not the id of an event of this session, as far as this server knows. */
  isUnknown(cursor: number): boolean {
    return this.#parts.log.isUnknown(cursor);
  }

  readerAt(after: number, onReadable: () => void): Subscription {
    return this.#parts.log.readerAt(after, onReadable);
  }

  /** Reads one page of events after a cursor; 0 for all that are kept. */
  read(after: number, limit: number): Promise<EventPage> {
    return this.#parts.log.read(after, limit);
  }

  /** Describes the session for clients, as of its last committed event. */
  info(): DescribedSession {
    const { record, log, activity, deps } = this.#parts;
    const { firstId, lastId, committed, subscribers } = log;
    const described = { firstId, lastId, costUsd: committed.costUsd };
    return describeSession(
      { ...record, details: committed.details },
      described,
      { state: activity.committedState, hasAgent: activity.hasAgent, ...describeWork(committed) },
      subscribers,
      deps.describeWalls,
    );
  }

  /** Asks the agent what it offers. Resolves to {@link NO_OFFERS} without an agent; never rejects. */
  async offers(): Promise<AgentOffers> {
    const { client } = this.#parts.gate.agent;
    return client ? askOffers(client) : NO_OFFERS;
  }

  /**
   * Ends the session: open requests are cancelled and its streams end. A `deleted` session appends
   * `done` first, and can be read until that is committed; a `released` one continues where it is
   * restored. Resolves when the last event is committed, and {@link endReason} is final; may be called
   * again, with the result of the first call.
   *
   * @param graceMs how long the agent may take to end by itself before it is killed
   */
  end(reason: 'deleted' | 'released', graceMs: number): Promise<SessionEnd> {
    return this.#parts.lifecycle.end(reason, graceMs);
  }

  /** Stops waiting for the commit of a deletion, because this server stops. A restart restores the session. */
  abandon(): void {
    this.#parts.lifecycle.abandon();
  }

  /** Resolves when the session has no subscribers. */
  unsubscribed(): Promise<void> {
    return this.#parts.log.unsubscribed();
  }

  /**
   * Changes the maximum cost of the session, from the next turn on.
   *
   * @throws SessionNotFoundError, ShuttingDownError, StorageUnavailableError
   */
  async setMaxBudget(usd: number, wait = this.#wait()): Promise<void> {
    const { lifecycle } = this.#parts;
    if (lifecycle.isDeleting) await wait.for(lifecycle.end('deleted', 0));
    lifecycle.assertLiving();
    await wait.for(this.#parts.activity.during(this.#parts.settings.setMaxBudget(usd)));
  }

  /**
   * Replaces the content of a queued message.
   *
   * @param idempotencyKey an edit whose key was accepted before has no effect
   * @param isPermitted as for {@link accept}
   * @throws MessageNotFoundError, MessageNotQueuedError, BackpressureError
   * @throws SessionNotFoundError, ShuttingDownError, StorageUnavailableError
   */
  editMessage(
    messageId: string,
    content: UserContent,
    by: Caller,
    idempotencyKey?: string,
    wait = this.#wait(),
    isPermitted: () => boolean = () => true,
  ): Promise<void> {
    const assertAccepted = () => {
      if (!isPermitted()) throw new AccessChangedError();
    };
    return this.#change(wait, ({ queue }) =>
      queue.edit(messageId, content, by, idempotencyKey, assertAccepted),
    );
  }

  /**
   * Removes a message from the queue; again without an effect.
   *
   * @throws MessageNotFoundError, MessageNotQueuedError
   * @throws SessionNotFoundError, ShuttingDownError, StorageUnavailableError
   */
  withdrawMessage(messageId: string, by: Caller, wait = this.#wait()): Promise<void> {
    return this.#change(wait, ({ queue }) => queue.withdraw(messageId, by));
  }

  /**
   * Changes what is noted about the session.
   *
   * @param by the caller, whose id other subscribers see
   * @throws InvalidRequestError when the metadata would exceed a bound
   * @throws SessionNotFoundError, ShuttingDownError, StorageUnavailableError
   */
  change(asked: ChangeSession, by: Caller, wait = this.#wait()): Promise<void> {
    return this.#change(wait, ({ log }) => changeDetails(log, asked, by));
  }

  /**
   * Replaces the members of the session.
   *
   * @throws MembersChangedError when they are not the expected ones
   * @throws InvalidRequestError when the owner is one of them
   * @throws SessionNotFoundError, ShuttingDownError, StorageUnavailableError
   */
  async setMembers(asked: MembersChange, by: Caller, wait = this.#wait()): Promise<void> {
    await this.#change(wait, ({ log }) => setMembers(log, asked, by, this.owner));
    // So that it is listed first for those with whom it is shared.
    this.recordActivity();
  }

  /** Makes a change that a client has asked for, while the session accepts one. */
  async #change(wait: StorageWait, make: (parts: SessionParts) => Promise<void>): Promise<void> {
    const { lifecycle, log, activity } = this.#parts;
    if (lifecycle.isDeleting) await wait.for(lifecycle.end('deleted', 0));
    lifecycle.assertLiving();
    if (log.isTroubled) throw wait.unavailable();
    await wait.for(activity.during(make(this.#parts)));
    activity.update();
  }

  #wait(): StorageWait {
    return new StorageWait(this.#parts.deps.limits.storageTimeoutMs);
  }

  /** Stores the present time as the session's last activity, so that retention counts from now. */
  recordActivity(): void {
    this.#parts.settings.recordActivity();
  }

  /** Takes the next step towards leaving a server that drains. Call it when it begins to drain. */
  drain(): void {
    this.#parts.activity.update();
  }

  /** Goes on when the server does not drain any more. */
  resume(): void {
    this.#parts.gate.deliver();
    this.#parts.gate.startNextTurn();
    this.#parts.activity.update();
  }

  /** Stops the agent if it is idle. The next message starts another one. */
  stopIdleAgent(): Promise<void> {
    return this.#parts.activity.evict();
  }

  /**
   * Stops the agent, also if it waits only for people who need none. Without one, nothing happens.
   *
   * @throws SessionBusyError when it is at work
   * @throws StorageUnavailableError
   */
  async sleep(wait = this.#wait()): Promise<void> {
    const { lifecycle, activity } = this.#parts;
    lifecycle.assertLiving();
    if (!activity.hasAgent) return;
    if (activity.idleSince === null && activity.waitingSince === null) throw new SessionBusyError();
    await wait.for(activity.evict());
  }
}

function sessionReady(session_id: string): WireEvent {
  return { event: 'session_ready', data: { session_id, protocol_version: PROTOCOL_VERSION } };
}
