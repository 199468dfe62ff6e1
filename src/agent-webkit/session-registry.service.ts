import {
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { Observable } from 'rxjs';
import type { Caller } from './engine/caller.js';
import type { RequestPage } from './engine/registry/request-page.js';
import type { ListPosition, SessionPage, SessionQuery } from './engine/registry/session-page.js';
import type { UsageRange, UsageReport } from './engine/registry/usage-report.js';
import { SessionEngine } from './engine/registry/session-engine.js';
import type { SessionNotification } from './engine/notification.js';
import type { RequestCursor } from './engine/storage.js';
import type { CreateSession } from './protocol/inbound.js';
import { SessionHandle } from './session-handle.js';

/**
 * The sessions of one `AgentWebkitModule`, for the host's own code: creates, finds and lists them,
 * each call on behalf of a caller, with the checks and the limits of the HTTP routes.
 */
@Injectable()
export class SessionRegistryService
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy
{
  readonly #engine: SessionEngine;

  /** @internal */
  constructor(engine: SessionEngine) {
    this.#engine = engine;
  }

  /** The number of sessions in the memory of this server. */
  get size(): number {
    return this.#engine.size;
  }

  /**
   * Creates a session that belongs to the caller. Its agent starts in the background.
   *
   * @param wish the configuration the client asks for; `{}` for the defaults
   * @param idempotencyKey a call with a key of the last 24 hours returns the session of that call
   * @throws ForbiddenError when the host does not allow the configuration
   * @throws TooManySessionsError, TooManyCreationsError
   * @throws ShuttingDownError, StorageUnavailableError, WorkspaceUnavailableError
   */
  async create(
    wish: CreateSession,
    caller: Caller,
    idempotencyKey?: string,
  ): Promise<SessionHandle> {
    return new SessionHandle(await this.#engine.create(wish, caller, idempotencyKey));
  }

  /**
   * Returns a handle to a session, without a lookup. Each method of the handle looks it up, and rejects
   * with a `SessionNotFoundError` when the session does not exist or the caller may not read it.
   */
  get(id: string, caller: Caller): SessionHandle {
    return new SessionHandle(this.#engine.get(id, caller));
  }

  /**
   * Returns one page of the sessions that the caller owns or is a member of, those with the latest activity first. Sessions used
   * while a caller reads the pages are repeated at the end, so that none is missed. With a filter, a page can have fewer
   * sessions than `limit`, and still be followed by another one.
   *
   * @param limit the size of the page, from 1 to 100; 50 by default
   * @param after where to continue, from `next` of the previous page; null for the first page
   * @param query the same for all pages
   * @throws ShuttingDownError, StorageUnavailableError, InvalidRequestError
   */
  list(
    caller: Caller,
    limit?: number,
    after: ListPosition | null = null,
    query: SessionQuery = {},
  ): Promise<SessionPage> {
    return this.#engine.list(caller, limit, after, query);
  }

  /**
   * Returns one page of the open requests of the caller's own sessions, the oldest first: of sessions in
   * memory, of those that are only in the storage, and of those of other servers.
   *
   * @param limit the size of the page, from 1 to 100; 50 by default
   * @param after where to continue, from `next` of the previous page; null for the first page
   * @throws ShuttingDownError, StorageUnavailableError, InvalidRequestError
   */
  requests(
    caller: Caller,
    limit?: number,
    after: RequestCursor | null = null,
  ): Promise<RequestPage> {
    return this.#engine.requests(caller, limit, after);
  }

  /**
   * Returns what the caller's own sessions used, by UTC day and model, also those that were deleted. Turns of members count for
   * the owner.
   *
   * @param range at most 366 days; the last 30 by default
   * @throws ShuttingDownError, StorageUnavailableError, InvalidRequestError
   */
  usage(caller: Caller, range: UsageRange = {}): Promise<UsageReport> {
    return this.#engine.usage(caller, range);
  }

  /**
   * Returns an Observable of a notification about each committed event of the sessions that this server runs, of all
   * callers: opened, escalated and resolved requests, ended turns, failed sessions. It completes when the server has stopped.
   *
   * At most once: a notification is lost when the server is killed right after the commit, and no other server delivers
   * it. Use the option `notify` for those that must arrive.
   */
  events(): Observable<SessionNotification> {
    return new Observable((subscriber) => this.#engine.observe(subscriber));
  }

  /** True while this server takes new work: from its start until it begins to drain or to stop. For readiness probes. */
  get isReady(): boolean {
    return this.#engine.isReady;
  }

  /**
   * Ends the wait for running turns of a server that is stopping: they are interrupted now.
   *
   * @internal
   */
  endDrain(): void {
    void this.#engine.stop({ drain: false });
  }

  /** @internal */
  async onModuleInit(): Promise<void> {
    await this.#engine.open();
  }

  /** @internal */
  async onApplicationBootstrap(): Promise<void> {
    await this.#engine.start();
  }

  /** @internal */
  async onModuleDestroy(): Promise<void> {
    await this.#engine.stop();
  }
}
