import type { CreateSession } from '../../protocol/inbound.js';
import { ShuttingDownError } from '../errors.js';
import type { Caller } from '../caller.js';
import type { EngineLogger } from '../engine-logger.js';
import type { NotificationObserver } from '../notification.js';
import type { ServerAdmin } from './admin/server-admin.js';
import type { SessionAdmin } from './admin/session-admin.js';
import { checkInteger } from './check-integer.js';
import { SessionHandle } from './session-handle.js';
import type { RequestPage } from './request-page.js';
import type { Health, HealthProblem } from '../health.js';
import type { ListPosition, SessionPage, SessionQuery } from './session-page.js';
import type { SessionRegistry } from './session-registry.js';
import type { RequestCursor, StorageProvider } from '../storage.js';
import type { UsageRange, UsageReport } from './usage-report.js';
import { TIMED_OUT, within } from '../timing/within.js';

/** The default size of a page of sessions. */
const PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 100;

/** How long a stop may take, in milliseconds, unless the agents take longer. */
const STOP_TIMEOUT_MS = 6000;
/** How long the storage may take to close in any case, in milliseconds. */
const MIN_CLOSE_TIMEOUT_MS = 1500;

const STOPPING: HealthProblem = {
  code: 'stopping',
  message: 'This server takes no new work. Use another one.',
};
const STORAGE_UNAVAILABLE: HealthProblem = {
  code: 'storage_unavailable',
  message: 'The storage does not work. The log has the cause.',
};
const SANDBOX_UNAVAILABLE: HealthProblem = {
  code: 'sandbox_unavailable',
  message: 'No agent may start, because no sandbox works on this machine. The log has the cause.',
};

/** Options of {@link SessionEngine.stop}. */
export interface StopOptions {
  /**
   * False to interrupt running turns at once, also those of a stop that is draining already.
   *
   * @default true
   */
  readonly drain?: boolean;
}

/** The parts of a {@link SessionEngine}. */
export interface SessionEngineParts {
  readonly registry: SessionRegistry;
  readonly storage: StorageProvider;
  readonly logger: EngineLogger;
  /**
   * Called once, before the storage is opened. If it rejects, the server does not start.
   *
   * @default nothing is prepared
   */
  readonly prepare?: () => Promise<void>;
  /** Called once, when everything has stopped. The stop waits for it. It must not reject. @default nothing is called */
  readonly onStopped?: () => Promise<void>;
  /**
   * Throws when no agent may start.
   *
   * @default agents may start
   */
  readonly assertAgents?: () => void;
}

/**
 * The sessions of one server: creates, finds and lists them, each call on behalf of a caller. It
 * returns {@link SessionHandle}s, so that every use of a session passes the access check and the
 * rules of the options.
 */
export class SessionEngine {
  readonly #registry: SessionRegistry;
  readonly #storage: StorageProvider;
  readonly #logger: EngineLogger;
  readonly #prepare: (() => Promise<void>) | undefined;
  readonly #onStopped: (() => Promise<void>) | undefined;
  readonly #assertAgents: () => void;
  #isStarted = false;
  #opened: Promise<void> | null = null;
  #stopped: Promise<void> | null = null;

  /** @internal */
  constructor({ registry, storage, logger, ...parts }: SessionEngineParts) {
    this.#registry = registry;
    this.#storage = storage;
    this.#logger = logger;
    this.#prepare = parts.prepare;
    this.#onStopped = parts.onStopped;
    this.#assertAgents = parts.assertAgents ?? (() => undefined);
  }

  /** The number of sessions in the memory of this server. */
  get size(): number {
    return this.#registry.size;
  }

  /**
   * Creates a session that belongs to the caller. Its agent starts in the background.
   *
   * @param wish the configuration the client asks for; `{}` for the defaults
   * @param idempotencyKey a call with a key of the last 24 hours returns the session of that call, and accepts
   *   its first message once
   * @throws ForbiddenError when the host does not allow the configuration or the first message
   * @throws TooManySessionsError, TooManyCreationsError; PayloadTooLargeError, AgentsBusyError for a first message
   * @throws ShuttingDownError, StorageUnavailableError, WorkspaceUnavailableError
   */
  async create(
    { message, ...wish }: CreateSession,
    caller: Caller,
    idempotencyKey?: string,
  ): Promise<SessionHandle> {
    if (message !== undefined) this.#registry.checkFirstMessage(message);
    const session = this.get(await this.#registry.createId(wish, caller, idempotencyKey), caller);
    try {
      if (message !== undefined) {
        await session.send({ type: 'user_message', content: message }, idempotencyKey);
      }
    } catch (error) {
      // With a key, the same call finds the session again.
      if (idempotencyKey === undefined) await session.close().catch(() => undefined);
      throw error;
    }
    return session;
  }

  /**
   * Returns a handle to a session, without a lookup. Each method of the handle looks it up, and rejects
   * with a `SessionNotFoundError` when the session does not exist or the caller may not read it.
   */
  get(id: string, caller: Caller): SessionHandle {
    return new SessionHandle(this.#registry, id, caller);
  }

  /**
   * Returns one page of the sessions that the caller owns or is a member of, those with the latest activity first. Sessions used
   * while a caller reads the pages are repeated at the end, so that none is missed. With a filter, a page can have fewer
   * sessions than `limit`, and still be followed by another one.
   *
   * @param limit the size of the page, from 1 to 100
   * @param after where to continue, from `next` of the previous page; null for the first page
   * @param query the same for all pages
   * @throws ShuttingDownError, StorageUnavailableError, InvalidRequestError
   */
  async list(
    caller: Caller,
    limit = PAGE_SIZE,
    after: ListPosition | null = null,
    query: SessionQuery = {},
  ): Promise<SessionPage> {
    checkInteger('limit', limit, 1, MAX_PAGE_SIZE);
    return this.#registry.list(caller, limit, after, query);
  }

  /**
   * Returns one page of the open requests of the caller's own sessions, the oldest first: of sessions in
   * memory, of those that are only in the storage, and of those of other servers.
   *
   * @param limit the size of the page, from 1 to 100
   * @param after where to continue, from `next` of the previous page; null for the first page
   * @throws ShuttingDownError, StorageUnavailableError, InvalidRequestError
   */
  async requests(
    caller: Caller,
    limit = PAGE_SIZE,
    after: RequestCursor | null = null,
  ): Promise<RequestPage> {
    checkInteger('limit', limit, 1, MAX_PAGE_SIZE);
    return this.#registry.requests(caller, limit, after);
  }

  /**
   * Returns what the caller's own sessions used, by UTC day and model, also those that were deleted. Turns of members count for
   * the owner.
   *
   * @param range at most 366 days; the last 30 by default
   * @throws ShuttingDownError, StorageUnavailableError, InvalidRequestError
   */
  usage(caller: Caller, range: UsageRange = {}): Promise<UsageReport> {
    return this.#registry.usage(caller, range);
  }

  /**
   * Checks the sandbox of the agents, and opens the storage and the workspace. {@link start} does so as well; call this method
   * only if the host needs the storage before the agents.
   *
   * @throws Error when the agents need a sandbox that does not work, or the workspace cannot be used; its
   *   message says what to do
   */
  open(): Promise<void> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  async #open(): Promise<void> {
    await this.#prepare?.();
    await this.#storage.open?.((problem) => this.#logger.warn(problem));
    await this.#registry.lifecycle.open();
  }

  /**
   * Stops all agents. Those of sessions start again when they are needed.
   *
   * @internal
   */
  stopAgents(): Promise<void> {
    return this.#registry.lifecycle.stopAgents();
  }

  /**
   * Opens the storage, then resumes in the background the sessions that a stopped server left
   * unfinished, starts warm agents, and removes sessions that reach their retention time. Resolves
   * when the storage is open: from then on, callers can be served.
   */
  async start(): Promise<void> {
    await this.open();
    this.#isStarted = true;
    this.#registry.lifecycle.start().catch((error: unknown) => {
      if (error instanceof ShuttingDownError) return; // stopped at once
      this.#logger.error('Could not resume unfinished sessions.', error);
    });
  }

  /**
   * Passes a notification about each committed event of the sessions that this server runs to an observer: opened,
   * escalated and resolved requests, ended turns, failed sessions. At most once: a server that is killed after a
   * commit passes none, and no other server does.
   *
   * @returns a function that ends it
   */
  observe(observer: NotificationObserver): () => void {
    return this.#registry.observe(observer);
  }

  /** The sessions of all owners, for operators. It checks no access: protect what you build on it. */
  get sessionAdmin(): SessionAdmin {
    return this.#registry.sessionAdmin;
  }

  /** The servers that share the storage, for operators. It checks no access: protect what you build on it. */
  get serverAdmin(): ServerAdmin {
    return this.#registry.serverAdmin;
  }

  /** True while this server is started and takes new work: from {@link start} to {@link stop}, but not while it drains. */
  get isReady(): boolean {
    return this.#isStarted && this.#stopped === null && !this.#registry.lifecycle.isDraining;
  }

  /** Resolves to the problems that keep this server from new work, within about two seconds. Never rejects. */
  async health(): Promise<Health> {
    const problems: HealthProblem[] = [];
    if (!this.isReady) problems.push(STOPPING);
    else if (!(await this.#registry.storageWorks())) problems.push(STORAGE_UNAVAILABLE);
    if (!this.#mayStartAgents()) problems.push(SANDBOX_UNAVAILABLE);
    return { isReady: problems.length === 0, problems };
  }

  #mayStartAgents(): boolean {
    try {
      this.#assertAgents();
      return true;
    } catch {
      return false; // logged when the sandbox was checked
    }
  }

  /**
   * Stops the engine: every later call is rejected with `ShuttingDownError`, watches end, agents are
   * stopped and the storage is closed. Sessions in a durable storage continue on the next start;
   * sessions in any other storage end. Resolves when all of that is done; may be called again.
   *
   * With a storage that several servers share, the engine drains first: for up to
   * `timeouts.drainTimeoutMs`, running turns go on, every call is still answered, and idle sessions are
   * released to other servers.
   */
  stop({ drain = true }: StopOptions = {}): Promise<void> {
    if (!drain) this.#registry.lifecycle.endDrain();
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    if (this.#isStarted) await this.#registry.lifecycle.drain();
    const startedAt = performance.now();
    await this.#registry.lifecycle.shutdown();
    const leftMs = STOP_TIMEOUT_MS - (performance.now() - startedAt);
    const limitMs = Math.max(MIN_CLOSE_TIMEOUT_MS, leftMs);
    const closed = await within(limitMs, Promise.resolve(this.#storage.close?.()));
    await this.#onStopped?.();
    if (closed !== TIMED_OUT) return;
    this.#logger.warn(
      `The storage was not closed within ${Math.round(limitMs)} ms. Stopping without it.`,
    );
  }
}
