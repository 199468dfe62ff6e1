import type { CreateSession, InboundMessage } from '../../protocol/inbound.js';
import { Access, type AccessAction, type CanAccess } from './access.js';
import type { AdmissionLimits } from './admission.js';
import type { Caller } from '../caller.js';
import { SessionNotFoundError, ShuttingDownError, StorageUnavailableError } from '../errors.js';
import type { ListCursor } from './listing.js';
import { LiveSessions, type LiveSessionsOptions } from './live-sessions.js';
import { Maintenance } from './maintenance.js';
import type { Session } from '../session/session.js';
import { SessionCreation } from './session-creation.js';
import { readSessionPage, type SessionPage } from './session-page.js';
import type { SessionPolicy } from './session-policy.js';
import { GuardedStorage } from '../storage-guard/guarded-storage.js';
import type { StorageWait } from '../storage-guard/storage-wait.js';

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

/** How often a deletion is begun when other servers keep taking the session over. */
const MAX_DELETION_TRIES = 3;

/**
 * All sessions, by id: those in memory and those that are only in the storage. It is the only place that
 * checks access: a session belongs to the caller who created it, and does not exist for a caller who may
 * not read it.
 *
 * No call waits for the storage for longer than `storageTimeoutMs` in total. It then rejects with a
 * `StorageUnavailableError`, and what it began continues in the background.
 */
export class SessionRegistry {
  readonly #options: SessionRegistryOptions;
  readonly #live: LiveSessions;
  readonly #access: Access;
  readonly #storage: GuardedStorage;
  readonly #creation: SessionCreation;
  readonly #maintenance: Maintenance;
  #shutdown: Promise<void> | null = null;

  constructor(options: SessionRegistryOptions) {
    const { canAccess, limits, logger } = options;
    const timeoutMs = limits.storageTimeoutMs;
    const storage = new GuardedStorage(options.storage, { timeoutMs, logger });
    const { records } = storage;
    const live = new LiveSessions({ ...options, storage });
    const isShuttingDown = () => this.#shutdown !== null;
    this.#options = options;
    this.#storage = storage;
    this.#live = live;
    this.#access = new Access(canAccess, logger);
    this.#creation = new SessionCreation({ ...options, records, live, isShuttingDown });
    this.#maintenance = new Maintenance({ ...options, records, live });
  }

  /** Begins the waiting of a request that makes several calls, which share its limit. */
  wait(): StorageWait {
    return this.#storage.wait();
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
   * @throws ForbiddenError, TooManySessionsError, ShuttingDownError, StorageUnavailableError
   */
  async create(request: CreateSession, caller: Caller, idempotencyKey?: string): Promise<Session> {
    if (this.#shutdown) throw new ShuttingDownError();
    const wait = this.wait();
    const id = await this.#creation.create(request, caller, idempotencyKey, wait);
    return this.get(id, caller, 'read', wait);
  }

  /**
   * Returns a session for an action of a caller.
   *
   * @throws SessionNotFoundError when it does not exist, or the caller may not even read it
   * @throws ForbiddenError when the caller may read it, but not do this
   */
  get(
    id: string,
    caller: Caller,
    action: AccessAction = 'read',
    wait = this.wait(),
  ): Promise<Session> {
    return this.#resolve(id, caller, action, 0, wait);
  }

  /**
   * Returns a session to read after a cursor. When the session in memory has no event with this id, and
   * another server has had the session meanwhile, or the storage has lost events, it is loaded again.
   *
   * @throws what {@link get} throws
   */
  getAt(id: string, caller: Caller, after: number, wait = this.wait()): Promise<Session> {
    return this.#resolve(id, caller, 'read', after, wait);
  }

  async #resolve(
    id: string,
    caller: Caller,
    action: AccessAction,
    after: number,
    wait: StorageWait,
  ): Promise<Session> {
    const holding = this.#live.get(id);
    const held = holding && (await wait.for(holding));
    const own = held?.owner === caller.id ? held : null;
    if (!own && this.#shutdown) throw new ShuttingDownError();
    const isBehind = held !== undefined && held !== null && held.isUnknown(after);
    // Another caller's session is looked up like one that does not exist, so that both take the same time.
    const needsRecord = !own || isBehind;
    const record = needsRecord ? await wait.for(this.#storage.records.get(id)) : null;
    const isStale = isBehind && (record?.epoch !== held.epoch || record.log.lastSeq < held.lastSeq);
    // Evicted before the check only for its owner: the response time must not reveal it to other callers.
    if (isStale && own) await wait.for(this.#live.evict(own));
    await this.#access.check(needsRecord ? record : own, caller, action);
    if (isStale && !own) await wait.for(this.#live.evict(held));
    const session = await wait.for(this.#live.load(id));
    if (session && session.state !== 'closed') return session;
    throw this.#shutdown ? new ShuttingDownError() : new SessionNotFoundError();
  }

  /**
   * Resolves to true while a caller may read a session, and while an unavailable storage leaves that
   * unknown. True also while the session is being deleted, so that its readers get the last event.
   */
  async isReadable(id: string, caller: Caller): Promise<boolean> {
    const wait = this.wait();
    try {
      const holding = this.#live.get(id);
      const held = holding && (await wait.for(holding));
      if (held?.owner === caller.id) return true;
      const record = await wait.for(this.#storage.records.get(id));
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
    const wait = this.wait();
    const session = await this.get(id, caller, action, wait);
    if (checked.status === 'rejected') throw checked.reason;
    if (this.#shutdown) throw new ShuttingDownError();
    await session.accept(checked.value, caller, idempotencyKey, wait);
  }

  /** Returns a page of a caller's sessions, as `readSessionPage` does. */
  async list(caller: Caller, limit: number, after: ListCursor | null): Promise<SessionPage> {
    if (this.#shutdown) throw new ShuttingDownError();
    const { records } = this.#storage;
    return readSessionPage(this.#live, records, caller, { limit, after, wait: this.wait() });
  }

  /**
   * Ends a caller's session and deletes it. Resolves when nothing is left of it. A deletion continues in
   * the background when the storage takes longer than the call may wait; a retry waits for it again.
   *
   * @throws StorageUnavailableError when it is not complete, or not even decided: then the session exists
   */
  async delete(id: string, caller: Caller): Promise<void> {
    if (this.#shutdown) throw new ShuttingDownError();
    const wait = this.wait();
    const removal = this.#live.deletions.get(id);
    if (removal?.owner === caller.id) return wait.for(removal.done);
    for (let tries = 0; tries < MAX_DELETION_TRIES; tries += 1) {
      // oxlint-disable-next-line no-await-in-loop -- again only when another server took it over meanwhile
      const session = await this.get(id, caller, 'delete', wait);
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (await this.#live.delete(session, wait)) return;
    }
    throw new StorageUnavailableError(null);
  }

  /**
   * Starts warm agents, resumes the unfinished sessions of servers that are gone, and starts to remove
   * unused sessions. Resolves when the unfinished sessions found at the start are resumed.
   */
  async start(): Promise<void> {
    void this.#checkAgents();
    this.#maintenance.startRetention();
    // Without a workspace, which the policy logs, unfinished sessions are resumed all the same.
    const config = await this.#options.policy.defaults().catch(() => null);
    if (config) this.#live.warmUp(config);
    await this.#maintenance.startRecovery();
  }

  /**
   * Rejects every later call, and ends all sessions. Sessions in a durable storage continue on the next
   * start. Resolves when the streams have ended and the agents are gone.
   */
  shutdown(): Promise<void> {
    this.#maintenance.stop();
    this.#shutdown ??= this.#endAll();
    return this.#shutdown;
  }

  async #endAll(): Promise<void> {
    const reason = this.#storage.durable ? 'released' : 'deleted';
    await this.#live.endAll(reason, this.#options.shutdownGraceMs);
    this.#storage.stop();
  }

  async #checkAgents(): Promise<void> {
    const { sdkFactory, logger } = this.#options;
    const warning = await sdkFactory.check?.().catch(() => null);
    if (warning) logger.warn(warning);
  }
}
