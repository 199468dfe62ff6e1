import { PROTOCOL_VERSION, type SessionStateName, type WireEvent } from '../../protocol/events.js';
import type { InboundMessage } from '../../protocol/inbound.js';
import type { SessionInfo } from '../../protocol/answers.js';
import type { AgentStart, SessionConfig } from '../agent-client.js';
import type { SlotHolder } from '../agent/agent-slots.js';
import type { Caller } from '../caller.js';
import { reportDecision } from './decision.js';
import {
  AgentsBusyError,
  SessionNotFoundError,
  ShuttingDownError,
  StorageUnavailableError,
  TooManySubscribersError,
} from '../errors.js';
import { DurableTranscripts } from '../agent/durable-transcripts.js';
import { EventLog, type EventPage } from '../event-log/event-log.js';
import { Inbox } from './inbox.js';
import { Requests } from './requests.js';
import { toPendingRequest } from './request-events.js';
import { SessionActivity } from './session-activity.js';
import { describeSession } from './session-info.js';
import { logOptions, type SessionDependencies } from './session-dependencies.js';
import { SessionSettings } from './session-settings.js';
import { FencedError, type SessionRecord } from '../storage.js';
import type { Subscription } from '../event-log/subscription.js';
import { TurnGate } from './turn-gate.js';
import { within } from '../timing/within.js';

/** How long a session's end may wait for the storage. */
const LAST_WORDS_TIMEOUT_MS = 2000;

/**
 * One conversation with an agent, as everybody who follows it sees it.
 *
 * Its log is the truth: what waits, runs and is open are read from the log's state. The agent comes
 * and goes (it sleeps when there is nothing to do, it may crash) and the next message starts it
 * again with its memory. None of that ends the session. What ends it is {@link end}, or a storage
 * that refuses its events.
 */
export class Session implements SlotHolder {
  readonly #record: SessionRecord;
  readonly #deps: SessionDependencies;
  readonly #log: EventLog;
  readonly #requests: Requests;
  readonly #gate: TurnGate;
  readonly #inbox: Inbox;
  readonly #settings: SessionSettings;
  readonly #activity: SessionActivity;
  readonly #transcripts: DurableTranscripts | null;
  /** One for all subscriptions: of those there are many. */
  readonly #onUnsubscribed = () => this.#activity.rest();
  /** Why nothing more is taken, or null while the session lives. */
  #ended: 'deleted' | 'given_up' | 'shut_down' | null = null;

  private constructor(record: SessionRecord, log: EventLog, deps: SessionDependencies) {
    this.#record = record;
    this.#deps = deps;
    this.#log = log;
    this.#inbox = new Inbox(log, deps.limits, () => this.#assertAgentToCome());
    this.#requests = new Requests(log, {
      timeoutMs: deps.limits.requestTimeoutMs,
      onDecision: (decision) => {
        const told = { sessionId: record.id, owner: record.owner, ...decision };
        reportDecision(deps.onDecision, told, deps.logger);
        // It may have been all there was to do, when it was asked outside a turn.
        this.#activity.rest();
      },
    });
    const { transcripts } = deps.storage;
    this.#transcripts = transcripts
      ? new DurableTranscripts(transcripts, (cause) => {
          deps.logger.warn(`Session ${record.id}: its transcript is not written: ${String(cause)}`);
        })
      : null;
    this.#gate = new TurnGate({
      sessionId: record.id,
      log,
      requests: this.#requests,
      sdkFactory: deps.sdkFactory,
      slots: deps.slots,
      holder: this,
      logger: deps.logger,
      createStart: (resume) => this.#createStart(resume),
      interruptTimeoutMs: deps.limits.interruptTimeoutMs,
      agentGraceMs: deps.limits.agentGraceMs,
      onQuiet: () => this.#onQuiet(),
    });
    this.#settings = new SessionSettings({
      record,
      records: deps.storage.records,
      log,
      agent: () => this.#gate.agent,
      isEnded: () => this.#ended !== null,
      onFenced: (cause) => this.#giveUp(cause),
      logger: deps.logger,
    });
    this.#activity = new SessionActivity({
      log,
      gate: this.#gate,
      slots: deps.slots,
      isEnded: () => this.#ended !== null,
      isWriting: () => !log.isCommitted || (this.#transcripts?.isWriting ?? false),
      idleTimeoutMs: deps.limits.idleTimeoutMs,
      onIdle: () => void this.sleep(),
      onUnused: () => deps.onUnused(record.id),
    });
  }

  /** Begins a new session, whose agent starts in the background. */
  static async create(record: SessionRecord, deps: SessionDependencies): Promise<Session> {
    const log: EventLog = new EventLog(this.#logOptions(record, deps, () => session));
    const session = new Session(record, log, deps);
    await log.append(sessionReady(record.id));
    if (!deps.slots.areBusy) session.#gate.warmUp();
    session.#activity.rest();
    return session;
  }

  /**
   * Takes up a session from what is stored of it. What waited goes on; what ran is told to be
   * interrupted. Null when all that is left of it is its end.
   */
  static async restore(record: SessionRecord, deps: SessionDependencies): Promise<Session | null> {
    const log: EventLog = await EventLog.open(this.#logOptions(record, deps, () => session));
    const session = new Session(record, log, deps);
    if (log.state.closed) return null;
    // Its server ended between its record and its first event.
    if (log.lastSeq === 0) await log.append(sessionReady(record.id));
    session.#gate.recover();
    session.#activity.rest();
    return session;
  }

  static #logOptions(record: SessionRecord, deps: SessionDependencies, session: () => Session) {
    return logOptions(record, deps, {
      onFailure: (cause) => session().#giveUp(cause),
      onMissing: () => void session().#checkOwnership(),
    });
  }

  get id(): string {
    return this.#record.id;
  }

  get owner(): string {
    return this.#record.owner;
  }

  /** The seq of the last event that may be told, 0 while there is none. */
  get lastSeq(): number {
    return this.#log.lastSeq;
  }

  get config(): Readonly<SessionConfig> {
    return this.#record.config;
  }

  get state(): SessionStateName {
    return this.#activity.state;
  }

  /** Since when the agent has had nothing to do, as `performance.now()`; null while it has, or there is none. */
  get idleSince(): number | null {
    return this.#activity.idleSince;
  }

  /** Why the session takes nothing more; null while it does. */
  get ending(): 'deleted' | 'given_up' | 'shut_down' | null {
    return this.#ended;
  }

  /** Whether another server has the session by now. This one notices by itself when it writes something. */
  async isTakenOver(): Promise<boolean> {
    const stored = await this.#deps.storage.records.get(this.id);
    return stored?.epoch !== this.#record.epoch;
  }

  /** Whether somebody follows the session, or it has something to do. */
  get isInUse(): boolean {
    return this.#activity.isInUse;
  }

  /**
   * Takes a client's message. Resolves when it is accepted for good.
   *
   * @throws StorageUnavailableError when the storage does not answer in time
   * @throws AgentsBusyError when it would wait for an agent, because all of them are at work
   * @param by the caller, whose id is told to the other subscribers
   * @param idempotencyKey a user message whose key was accepted before does nothing
   */
  async accept(message: InboundMessage, by: Caller, idempotencyKey?: string): Promise<void> {
    this.#assertAlive();
    if (this.#log.isTroubled) throw new StorageUnavailableError(null);
    const isAccepted = this.#accept(message, by, idempotencyKey).then(() => true);
    const { storageTimeoutMs } = this.#deps.limits;
    if (!(await within(storageTimeoutMs, isAccepted))) throw new StorageUnavailableError(null);
  }

  async #accept(message: InboundMessage, by: Caller, idempotencyKey?: string): Promise<void> {
    switch (message.type) {
      case 'user_message':
        this.#activity.stir();
        await this.#inbox.accept(message, idempotencyKey).finally(() => this.#activity.rest());
        this.#gate.pass();
        return this.touch();
      case 'interrupt':
        return this.#gate.interrupt();
      case 'permission_response':
      case 'question_response':
        await this.#requests.reply(message, by);
        this.#settings.follow(message);
        return this.touch();
      case 'set_permission_mode':
        return this.#settings.setPermissionMode(message.mode);
      case 'set_model':
        return this.#settings.setModel(message.model);
      case 'stop_task':
        return this.#settings.tellAgent((agent) => agent.stopTask(message.task_id));
      default:
        message satisfies never;
    }
  }

  /**
   * Follows the events after a cursor; 0 for all that are kept. The caller closes the subscription.
   *
   * @throws what {@link checkSubscribable} throws
   */
  subscribe(after: number, onReadable: () => void): Subscription {
    this.checkSubscribable(after);
    const subscription = this.#log.subscribe(after, onReadable, this.#onUnsubscribed);
    this.#activity.stir();
    return subscription;
  }

  /**
   * Whether {@link subscribe} would be refused now.
   *
   * @throws TooManySubscribersError, CursorEvictedError or CursorAheadError
   */
  checkSubscribable(after: number): void {
    const { maxSubscribers } = this.#deps.limits;
    if (this.#log.subscribers >= maxSubscribers) throw new TooManySubscribersError(maxSubscribers);
    this.#log.checkCursor(after);
  }

  /** One page of events after a cursor; 0 for all that are kept. */
  read(after: number, limit: number): Promise<EventPage> {
    return this.#log.read(after, limit);
  }

  /** What may be told of it: what its events say that are committed. */
  info(): SessionInfo {
    const { firstSeq, lastSeq, committed, subscribers } = this.#log;
    const record = { ...this.#record, log: { firstSeq, lastSeq, costUsd: committed.costUsd } };
    const pending = [...committed.requests.values()].map(toPendingRequest);
    return describeSession(record, this.#activity.committedState, pending, subscribers);
  }

  /**
   * Ends the session: open requests are cancelled and the streams end, after `done` when it is
   * `for_good`. One that ends `for_now` goes on where it is restored. Resolves to a promise of its
   * agent's end, when the last event is committed; may be called again.
   */
  async end(how: 'for_good' | 'for_now', graceMs: number): Promise<{ agentGone: Promise<void> }> {
    if (this.#ended) return { agentGone: this.#gate.close(graceMs) };
    this.#ended = how === 'for_good' ? 'deleted' : 'shut_down';
    this.#activity.stir();
    const lastWords = how === 'for_good' ? this.#sayDone() : this.#gate.abandonTurn();
    const agentGone = this.#gate.close(graceMs);
    try {
      await within(LAST_WORDS_TIMEOUT_MS, lastWords);
    } catch {
      // The storage takes no events; the streams end all the same.
    }
    this.#transcripts?.stop();
    this.#log.end();
    return { agentGone };
  }

  /** Resolves when nobody follows the session any more. */
  unsubscribed(): Promise<void> {
    return this.#log.unsubscribed();
  }

  #assertAlive(): void {
    switch (this.#ended) {
      case null:
        return;
      case 'shut_down':
        throw new ShuttingDownError();
      case 'deleted':
      case 'given_up':
        throw new SessionNotFoundError();
      default:
        this.#ended satisfies never;
    }
  }

  #assertAgentToCome(): void {
    const { slots } = this.#deps;
    if (this.state === 'dormant' && slots.areBusy) throw new AgentsBusyError(slots.max);
  }

  async #sayDone(): Promise<void> {
    this.#requests.cancelAll();
    await this.#log.append({ event: 'done', data: {} });
  }

  /** Notes that the session is used. */
  touch(): void {
    this.#settings.touch();
  }

  #createStart(resume: boolean): AgentStart {
    return {
      ...this.#record.config,
      sessionId: this.id,
      owner: this.owner,
      resume,
      ...(this.#transcripts && { transcripts: this.#transcripts }),
      canUseTool: (toolName, input, context) => this.#requests.ask(toolName, input, context),
    };
  }

  #onQuiet(): void {
    this.#activity.rest();
    this.touch();
  }

  /** Puts the agent to sleep. */
  async sleep(): Promise<void> {
    try {
      await this.#gate.sleep();
      this.#activity.rest();
    } catch {
      // A log that fails gives the session up.
    }
  }

  /** To be called when it looks as if another server had taken the session over, or deleted it. */
  async #checkOwnership(): Promise<void> {
    try {
      if (await this.isTakenOver()) this.#giveUp(new FencedError(this.id));
    } catch {
      // The storage cannot tell; it is asked again when it looks so again.
    }
  }

  #giveUp(error: unknown): void {
    if (this.#ended) return;
    this.#ended = 'given_up';
    this.#activity.stir();
    this.#deps.logger.error(
      `Session ${this.id}: given up, its storage has it no longer for this server.`,
      error,
    );
    this.#transcripts?.stop();
    this.#log.end();
    this.#deps.onOwnershipLost(this.id, this.#gate.close(0));
  }
}

function sessionReady(session_id: string): WireEvent {
  return { event: 'session_ready', data: { session_id, protocol_version: PROTOCOL_VERSION } };
}
