import type { DecisionRecord, SessionCapabilities, SessionInfo } from '../../protocol/answers.js';
import type { UserContent } from '../../protocol/events.js';
import type { ChangeSession, CreateSession, InboundMessage } from '../../protocol/inbound.js';
import { NO_OFFERS } from '../agent-offers.js';
import type { Caller } from '../caller.js';
import type { Census } from '../census.js';
import type { SessionCall } from '../cluster/session-call.js';
import { ShuttingDownError } from '../errors.js';
import type { NotificationObserver } from '../notification.js';
import type { MembersChange } from '../session-members.js';
import type { Session } from '../session/session.js';
import { describeFor } from '../session/session-info.js';
import type { RequestCursor } from '../storage.js';
import type { StorageWait } from '../storage-guard/storage-wait.js';
import type { AccessAction } from './access.js';
import type { ServerAdmin } from './admin/server-admin.js';
import { SessionAdmin } from './admin/session-admin.js';
import { describeCapabilities } from './capabilities.js';
import { readDecisions } from './decision-reads.js';
import { readRequestPage, type RequestPage } from './request-page.js';
import { SessionSubscriptions } from './session-subscriptions.js';
import { RegistryLifecycle } from './registry-lifecycle.js';
import { RegistryParts, type SessionRegistryOptions } from './registry-parts.js';
import {
  describeRecords,
  type ListPosition,
  readSessionPage,
  type SessionPage,
  type SessionQuery,
} from './session-page.js';
import { takeCensus } from './take-census.js';
import { readUsage, type UsageRange, type UsageReport } from './usage-report.js';

/**
 * All sessions, by id: those in memory and those that are only in the storage. It is the only place that
 * checks access: a session belongs to the caller who created it, who may share it, and does not exist for a caller
 * who may not read it.
 *
 * No call waits for the storage for longer than `storageTimeoutMs` in total. It then rejects with a
 * `StorageUnavailableError`, and what it began continues in the background.
 */
export class SessionRegistry {
  readonly #options: SessionRegistryOptions;
  readonly #parts: RegistryParts;
  readonly lifecycle: RegistryLifecycle;
  /** The subscriptions to events, and what decides about them. */
  readonly subscriptions: SessionSubscriptions;
  /** The sessions of all owners, for operators. */
  readonly sessionAdmin: SessionAdmin;

  constructor(options: SessionRegistryOptions) {
    this.#options = options;
    this.#parts = new RegistryParts(options, () => this.lifecycle.isEnding);
    this.lifecycle = new RegistryLifecycle(options, this.#parts);
    this.subscriptions = new SessionSubscriptions(options, this.#parts, this.lifecycle);
    const { storage, live, calls } = this.#parts;
    this.sessionAdmin = new SessionAdmin({
      records: storage.records,
      live,
      calls,
      describe: (records) => describeRecords(this.#parts, records),
      delete: (id, caller) => this.delete(id, caller),
      assertRunning: () => {
        if (this.lifecycle.isEnding) throw new ShuttingDownError();
      },
      wait: () => this.wait(),
    });
  }

  /** Passes the notifications of this server to an observer, see {@link NotificationFeed}. Returns a function that ends it. */
  observe(observer: NotificationObserver): () => void {
    return this.#parts.feed.observe(observer);
  }

  /** Begins the waiting of a request that makes several calls, which share its limit. */
  wait(): StorageWait {
    return this.#parts.storage.wait();
  }

  /** Counts what this server has now. */
  census(): Promise<Census> {
    return takeCensus(this.#parts);
  }

  /** The servers that share the storage, for operators. */
  get serverAdmin(): ServerAdmin {
    return this.#parts.servers;
  }

  /** The number of sessions in memory. */
  get size(): number {
    return this.#parts.live.size;
  }

  /**
   * Creates a session for a caller, who owns it. Its agent starts in the background.
   *
   * @param idempotencyKey a retry with the same key returns the session of the first call, or
   *   rejects as {@link get} does when that session was deleted meanwhile
   * @throws ForbiddenError, TooManySessionsError, ShuttingDownError, StorageUnavailableError
   */
  async create(request: CreateSession, caller: Caller, idempotencyKey?: string): Promise<Session> {
    if (this.lifecycle.isEnding) throw new ShuttingDownError();
    this.#options.assertAgents?.();
    const wait = this.wait();
    const id = await this.#parts.creation.create(request, caller, idempotencyKey, wait);
    return this.get(id, caller, 'read', wait);
  }

  /**
   * Creates a session as {@link create} does, and returns its id. The session of an earlier call may run on
   * another server.
   */
  async createId(request: CreateSession, caller: Caller, idempotencyKey?: string): Promise<string> {
    if (this.lifecycle.isEnding) throw new ShuttingDownError();
    this.#options.assertAgents?.();
    const wait = this.wait();
    const id = await this.#parts.creation.create(request, caller, idempotencyKey, wait);
    await this.#parts.lookup.locate(id, caller, 'read', 0, wait);
    return id;
  }

  /**
   * Checks the first message of a session that is not created yet.
   *
   * @throws ForbiddenError, PayloadTooLargeError
   */
  checkFirstMessage(content: UserContent): void {
    this.#options.policy.checkFirstMessage(content);
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
    return this.#parts.lookup.get(id, caller, action, 0, wait);
  }

  /**
   * Describes a session, as of its last committed event.
   *
   * @throws what {@link get} throws
   */
  async info(id: string, caller: Caller): Promise<SessionInfo> {
    const wait = this.wait();
    const described = await (this.#parts.shared?.reads.info(id, caller, wait) ??
      this.get(id, caller, 'read', wait).then((session) => session.info()));
    return describeFor(caller, described);
  }

  /**
   * Describes what a client may offer for a session. Starts no agent.
   *
   * @throws what {@link get} throws
   */
  async capabilities(id: string, caller: Caller): Promise<SessionCapabilities> {
    const { agent } = await this.info(id, caller);
    const { permitted } = this.#options.policy;
    const offers =
      agent === 'none' ? NO_OFFERS : await this.#parts.offers.read(id, caller, this.wait());
    return describeCapabilities(id, agent, offers, permitted);
  }

  /**
   * Returns the kept decisions about the requests of a session, oldest first.
   *
   * @throws what {@link get} throws
   */
  async decisions(id: string, caller: Caller, after: number): Promise<DecisionRecord[]> {
    const wait = this.wait();
    await this.#parts.lookup.locate(id, caller, 'read', 0, wait);
    return wait.for(readDecisions(this.#parts.storage.events, id, after));
  }

  /**
   * Sends a caller's message to a session, on the server that runs it. Resolves when the message is durable.
   *
   * A caller without access receives the error of the access check, whatever the message is.
   */
  send(
    id: string,
    message: InboundMessage,
    caller: Caller,
    idempotencyKey?: string,
  ): Promise<void> {
    const action = message.type.endsWith('_response') ? 'answer' : 'send';
    return this.#parts.calls.make(id, caller, action, {
      kind: 'send',
      message,
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    });
  }

  /** Replaces the content of a queued message, on the server that runs its session. */
  editMessage(
    id: string,
    messageId: string,
    content: UserContent,
    caller: Caller,
    idempotencyKey?: string,
  ): Promise<void> {
    return this.#parts.calls.make(id, caller, 'send', {
      kind: 'edit_message',
      messageId,
      content,
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    });
  }

  /** Removes a message from the queue, on the server that runs its session. */
  withdrawMessage(id: string, messageId: string, caller: Caller): Promise<void> {
    return this.#parts.calls.make(id, caller, 'send', { kind: 'withdraw_message', messageId });
  }

  /** Changes the maximum cost of a session, in US dollars, from the next turn on. */
  setMaxBudget(id: string, usd: number, caller: Caller): Promise<void> {
    return this.#parts.calls.make(id, caller, 'send', { kind: 'set_max_budget', usd });
  }

  /** Changes what is noted about a session, on the server that runs it. Resolves when the change is durable. */
  change(id: string, change: ChangeSession, caller: Caller): Promise<void> {
    return this.#parts.calls.make(id, caller, 'send', { kind: 'change', change });
  }

  /** Replaces the members of a session, on the server that runs it, where it checks those that are expected. Resolves when the change is durable. */
  setMembers(id: string, { members, expected }: MembersChange, caller: Caller): Promise<void> {
    const call: SessionCall = expected
      ? { kind: 'replace_members', members, expected }
      : { kind: 'set_members', members };
    return this.#parts.calls.make(id, caller, 'share', call);
  }

  /** Returns a page of a caller's sessions, as `readSessionPage` does. */
  async list(
    caller: Caller,
    limit: number,
    after: ListPosition | null,
    query: SessionQuery = {},
  ): Promise<SessionPage> {
    if (this.lifecycle.isEnding) throw new ShuttingDownError();
    const { records } = this.#parts.storage;
    return readSessionPage(records, caller, {
      ...query,
      limit,
      after,
      wait: this.wait(),
      describe: (page) => describeRecords(this.#parts, page),
      access: this.#parts.access,
    });
  }

  /** Returns a page of the open requests of the sessions that a caller owns or is an approver of, as `readRequestPage` does. */
  async requests(caller: Caller, limit: number, after: RequestCursor | null): Promise<RequestPage> {
    if (this.lifecycle.isEnding) throw new ShuttingDownError();
    const { storage, access } = this.#parts;
    const page = readRequestPage({ records: storage.records, access, caller }, limit, after);
    return this.wait().for(page);
  }

  /** Resolves to true if the storage works. */
  storageWorks(): Promise<boolean> {
    return this.#parts.storageProbe.works();
  }

  /** Returns the usage of the sessions that a caller owns, or has owned, as `readUsage` does. */
  async usage(caller: Caller, range: UsageRange): Promise<UsageReport> {
    if (this.lifecycle.isEnding) throw new ShuttingDownError();
    const { storage, dailyBudget } = this.#parts;
    return this.wait().for(readUsage({ store: storage.usage, dailyBudget }, caller.id, range));
  }

  /**
   * Ends a caller's session and deletes it. Resolves when nothing is left of it. A deletion continues in
   * the background when the storage takes longer than the call may wait; a retry waits for it again.
   *
   * @throws StorageUnavailableError when it is not complete, or not even decided: then the session exists
   * @throws WorkspaceUnavailableError when the session is deleted, and its folder cannot be removed yet
   */
  async delete(id: string, caller: Caller): Promise<void> {
    if (this.lifecycle.isEnding) throw new ShuttingDownError();
    const wait = this.wait();
    const removal = this.#parts.live.deletions.get(id);
    if (removal?.owner === caller.id) return this.#parts.live.deletions.removed(removal, wait);
    await this.#parts.calls.make(id, caller, 'delete', { kind: 'delete' });
  }
}
