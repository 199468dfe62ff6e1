import type { CreateSession, InboundMessage } from '../../protocol/inbound.js';
import type { SessionInfo } from '../../protocol/answers.js';
import { IdempotencyKeys } from '../idempotency-keys.js';
import { Access, type AccessAction, type CanAccess } from './access.js';
import { Admission, type AdmissionLimits } from './admission.js';
import { answered } from '../answered.js';
import type { Caller } from '../caller.js';
import { SessionNotFoundError, ShuttingDownError } from '../errors.js';
import { type ListCursor, listPage } from './listing.js';
import { LiveSessions, type LiveSessionsOptions } from './live-sessions.js';
import { Maintenance } from './maintenance.js';
import type { Session } from '../session/session.js';
import { describeLog, describeSession } from '../session/session-info.js';
import type { SessionPolicy } from './session-policy.js';
import { EMPTY_LOG, type SessionRecord } from '../storage.js';

export interface SessionRegistryOptions extends LiveSessionsOptions, AdmissionLimits {
  policy: SessionPolicy;
  /** Decides about access to other callers' sessions; null for no access. */
  canAccess: CanAccess | null;
  /** How long an unused session is kept, in milliseconds; null to keep it until it is deleted. */
  retentionMs: number | null;
  /** How long a session that never had a message is kept without a subscriber, in milliseconds; null for no limit. */
  emptySessionTtlMs: number | null;
  /** How long an agent may take to end by itself when the server shuts down, in milliseconds. */
  shutdownGraceMs: number;
  /**
   * How often, in milliseconds, the access of a caller that watches another caller's session is
   * checked again; null for never.
   *
   * @default null
   */
  accessCheckIntervalMs?: number | null;
}

/** A page of a caller's sessions. */
export interface SessionPage {
  sessions: SessionInfo[];
  /** The cursor of the next page; null on the last page. */
  next: ListCursor | null;
}

/**
 * All sessions, by id: those in memory and those that are only in the storage. It is the only place that
 * checks access: a session belongs to the caller who created it, and does not exist for a caller who may
 * not read it.
 */
export class SessionRegistry {
  readonly #options: SessionRegistryOptions;
  readonly #live: LiveSessions;
  readonly #access: Access;
  readonly #admission: Admission;
  readonly #maintenance: Maintenance;
  /** The ids of sessions by the idempotency key of the request that created them. */
  readonly #created = new IdempotencyKeys<string>();
  #shutdown: Promise<void> | null = null;

  constructor(options: SessionRegistryOptions) {
    const { storage, canAccess, logger } = options;
    this.#options = options;
    this.#live = new LiveSessions(options);
    this.#access = new Access(canAccess, logger);
    this.#admission = new Admission(storage.records, options);
    const { records } = storage;
    this.#maintenance = new Maintenance({ ...options, live: this.#live, records });
  }

  /** How often the access of an open watch is checked again, in milliseconds; null for never. */
  get accessCheckIntervalMs(): number | null {
    return this.#options.accessCheckIntervalMs ?? null;
  }

  /** The number of sessions in memory. */
  get size(): number {
    return this.#live.size;
  }

  /**
   * Creates a session for a caller, who owns it. Its agent starts in the background.
   *
   * @param idempotencyKey a retry with the same key returns the session of the first call, or
   *   rejects as {@link get} does when that session was deleted meanwhile
   * @throws ForbiddenError, TooManySessionsError, ShuttingDownError
   */
  async create(request: CreateSession, caller: Caller, idempotencyKey?: string): Promise<Session> {
    if (this.#shutdown) throw new ShuttingDownError();
    if (idempotencyKey === undefined)
      return this.get(await this.#create(request, caller, null), caller);
    const key = JSON.stringify([caller.id, idempotencyKey]);
    const id = await this.#created.once(key, () => this.#create(request, caller, idempotencyKey));
    return this.get(id, caller);
  }

  /**
   * Returns a session for an action of a caller.
   *
   * @throws SessionNotFoundError when it does not exist, or the caller may not even read it
   * @throws ForbiddenError when the caller may read it, but not do this
   */
  get(id: string, caller: Caller, action: AccessAction = 'read'): Promise<Session> {
    return this.#resolve(id, caller, action, 0);
  }

  /**
   * Returns a session to read after a cursor. When the session in memory has no event with this id, and
   * another server has had the session meanwhile, or the storage has lost events, it is loaded again.
   *
   * @throws what {@link get} throws
   */
  getAt(id: string, caller: Caller, after: number): Promise<Session> {
    return this.#resolve(id, caller, 'read', after);
  }

  async #resolve(id: string, caller: Caller, action: AccessAction, after: number) {
    const held = await this.#live.get(id);
    const own = held?.owner === caller.id ? held : null;
    if (!own && this.#shutdown) throw new ShuttingDownError();
    const isBehind = held !== undefined && held !== null && held.isUnknown(after);
    // Another caller's session is looked up like one that does not exist, so that both take the same time.
    const needsRecord = !own || isBehind;
    const record = needsRecord ? await answered(this.#options.storage.records.get(id)) : null;
    const isStale = isBehind && (record?.epoch !== held.epoch || record.log.lastSeq < held.lastSeq);
    // Evicted before the check only for its owner: the response time must not reveal it to other callers.
    if (isStale && own) await this.#live.evict(own);
    await this.#access.check(needsRecord ? record : own, caller, action);
    if (isStale && !own) await this.#live.evict(held);
    const session = await this.#live.load(id);
    if (session && session.state !== 'closed') return session;
    throw this.#shutdown ? new ShuttingDownError() : new SessionNotFoundError();
  }

  /**
   * Resolves to true while a caller may read a session, and while an unavailable storage leaves that
   * unknown. True also while the session is being deleted, so that its readers get the last event.
   */
  async isReadable(id: string, caller: Caller): Promise<boolean> {
    try {
      const held = await this.#live.get(id);
      if (held?.owner === caller.id) return true;
      const record = await answered(this.#options.storage.records.get(id));
      await this.#access.check(record, caller, 'read');
      return true;
    } catch (error) {
      return !(error instanceof SessionNotFoundError);
    }
  }

  /**
   * Sends a caller's message to a session. Resolves when the message is durable.
   *
   * The message is checked against the policy first, because that may take time: the session is looked up
   * and its access checked once, directly before the session accepts the message. A caller without access
   * receives the error of the access check, whatever the message is.
   */
  async send(
    id: string,
    message: InboundMessage,
    caller: Caller,
    idempotencyKey?: string,
  ): Promise<void> {
    const action = message.type.endsWith('_response') ? 'answer' : 'send';
    const [checked] = await Promise.allSettled([this.#options.policy.check(message)]);
    const session = await this.get(id, caller, action);
    if (checked.status === 'rejected') throw checked.reason;
    if (this.#shutdown) throw new ShuttingDownError();
    await session.accept(checked.value, caller, idempotencyKey);
  }

  /** Returns a page of a caller's sessions, as `listPage` does. Sessions that are only in the storage are not loaded. */
  async list(caller: Caller, limit: number, after: ListCursor | null): Promise<SessionPage> {
    if (this.#shutdown) throw new ShuttingDownError();
    const { records } = this.#options.storage;
    const page = await listPage(records, caller.id, limit, after);
    const sessions = await Promise.all(page.records.map((record) => this.#describe(record)));
    return { sessions: sessions.filter((session) => session !== null), next: page.next };
  }

  /** Ends a caller's session and deletes it. */
  async delete(id: string, caller: Caller): Promise<void> {
    if (this.#shutdown) throw new ShuttingDownError();
    // A deletion that the storage did not accept may be retried on the ended session.
    const ended = await this.#live.get(id)?.catch(() => null);
    const isOwn = ended?.owner === caller.id;
    await this.#live.delete(isOwn ? ended : await this.get(id, caller, 'delete'));
  }

  /**
   * Starts warm agents, resumes the unfinished sessions of servers that are gone, and starts to remove
   * unused sessions. Resolves when the unfinished sessions found at the start are resumed.
   */
  async start(): Promise<void> {
    void this.#checkAgents();
    this.#maintenance.startRetention();
    this.#live.warmUp(await this.#options.policy.defaults());
    await this.#maintenance.startRecovery();
  }

  /**
   * Rejects every later call, and ends all sessions. Sessions in a durable storage continue on the next
   * start. Resolves when the streams have ended and the agents are gone.
   */
  shutdown(): Promise<void> {
    this.#maintenance.stop();
    const { storage, shutdownGraceMs } = this.#options;
    this.#shutdown ??= this.#live.endAll(storage.durable ? 'released' : 'deleted', shutdownGraceMs);
    return this.#shutdown;
  }

  async #checkAgents(): Promise<void> {
    const { sdkFactory, logger } = this.#options;
    const warning = await sdkFactory.check?.().catch(() => null);
    if (warning) logger.warn(warning);
  }

  /** Resolves to the id of the new session, or of the session created before with the same key. */
  async #create(request: CreateSession, caller: Caller, key: string | null): Promise<string> {
    const config = await this.#options.policy.configure(request, caller);
    if (this.#shutdown) throw new ShuttingDownError();
    const now = new Date();
    const record: SessionRecord = {
      id: this.#live.claimId(config),
      owner: caller.id,
      config,
      epoch: 1,
      createdAt: now,
      lastActivityAt: now,
      log: EMPTY_LOG,
    };
    const admitted = this.#admission.admit(record, key);
    // Held before its record is stored, so that a request that finds the record finds this session.
    const begun = await this.#live.hold(record.id, this.#begin(record, admitted));
    return begun?.id ?? (await admitted).id;
  }

  /** Resolves to null when an earlier record was admitted instead. */
  async #begin(record: SessionRecord, admitted: Promise<SessionRecord>): Promise<Session | null> {
    if ((await admitted).id !== record.id) return null;
    try {
      if (this.#shutdown) throw new ShuttingDownError();
      return await this.#live.create(record);
    } catch (error) {
      await answered(this.#options.storage.records.delete(record.id));
      throw error;
    }
  }

  async #describe(record: SessionRecord): Promise<SessionInfo | null> {
    const held = await this.#live.get(record.id)?.catch(() => null);
    if (held) return held.state === 'closed' ? null : held.info();
    return describeSession(record, describeLog(record), 'dormant', { pending: [], tasks: [] }, 0);
  }
}
