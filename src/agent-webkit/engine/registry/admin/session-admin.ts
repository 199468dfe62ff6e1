import type { AdminSession } from '../../../protocol/admin.js';
import type { SessionStateName } from '../../../protocol/events.js';
import type { Caller } from '../../caller.js';
import { SessionNotFoundError } from '../../errors.js';
import { type DescribedSession, storedStatusOf } from '../../session/session-info.js';
import type { CreationCursor, SessionRecord, SessionRecordStore } from '../../storage.js';
import type { StorageWait } from '../../storage-guard/storage-wait.js';
import type { LiveSessions } from '../live-sessions.js';
import type { SessionCalls } from '../session-calls.js';

/** The sessions of a listing of all owners. Each field that is present leaves out others. */
export interface AdminFilter {
  readonly owner?: string;
  readonly state?: SessionStateName;
}

/** A page of the sessions of all owners. */
export interface AdminPage {
  readonly sessions: AdminSession[];
  /** The cursor of the next page; null on the last page. */
  readonly next: CreationCursor | null;
}

export interface SessionAdminOptions {
  readonly records: Pick<SessionRecordStore, 'get' | 'listAll'>;
  readonly live: Pick<LiveSessions, 'get'>;
  readonly calls: SessionCalls;
  /** Describes the sessions of records, without those that were deleted. */
  readonly describe: (records: readonly SessionRecord[]) => Promise<DescribedSession[]>;
  readonly delete: (id: string, caller: Caller) => Promise<void>;
  /** Throws when the server stops. */
  readonly assertRunning: () => void;
  readonly wait: () => StorageWait;
}

/**
 * The sessions of all owners, for operators. It shows how sessions are, and nothing of what is in them. What it does
 * to a session, it does on behalf of the owner, on the server that runs the session.
 */
export class SessionAdmin {
  readonly #options: SessionAdminOptions;

  /** @internal */
  constructor(options: SessionAdminOptions) {
    this.#options = options;
  }

  /**
   * Returns a page of all sessions, the newest first. With `state`, it can have fewer than `limit`, and still be
   * followed by another one.
   *
   * @param after where to continue, from `next` of the previous page; null for the first page
   * @throws ShuttingDownError, StorageUnavailableError
   */
  async list(
    limit: number,
    after: CreationCursor | null,
    { owner, state }: AdminFilter = {},
  ): Promise<AdminPage> {
    const { records, assertRunning } = this.#options;
    assertRunning();
    const wait = this.#options.wait();
    const filter = { ...(owner !== undefined && { owner }), ...(state && { states: [state] }) };
    const found = await wait.for(records.listAll(limit + 1, after, filter));
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const described = await this.#describe(page, wait);
    return {
      // A session has changed since its record was stored.
      sessions: described.filter((session) => state === undefined || session.state === state),
      next: last && found.length > limit ? { createdAt: last.createdAt, id: last.id } : null,
    };
  }

  /** Describes a session. @throws SessionNotFoundError, ShuttingDownError, StorageUnavailableError */
  async info(id: string): Promise<AdminSession> {
    const wait = this.#options.wait();
    const [session] = await this.#describe([await this.#record(id, wait)], wait);
    if (!session) throw new SessionNotFoundError();
    return session;
  }

  /**
   * Interrupts the running turn of a session, also one that waits for people without an agent. Resolves to false when it was
   * certain that none runs.
   *
   * @throws SessionNotFoundError, ShuttingDownError, StorageUnavailableError
   */
  async interrupt(id: string): Promise<boolean> {
    const record = await this.#record(id, this.#options.wait());
    const { status } = record.log;
    const isQuiet = status && ['idle', 'dormant', 'closed'].includes(status.state);
    if (isQuiet && !this.#isHeld(id)) return false;
    const call = { kind: 'send', message: { type: 'interrupt' } } as const;
    await this.#options.calls.make(id, { id: record.owner }, 'send', call);
    return true;
  }

  /**
   * Stops the agent of a session, which the next message starts again. Resolves to false when the session had none.
   *
   * @throws SessionBusyError when the agent is at work
   * @throws SessionNotFoundError, ShuttingDownError, StorageUnavailableError
   */
  async sleep(id: string): Promise<boolean> {
    const record = await this.#record(id, this.#options.wait());
    if (storedStatusOf(record).hasAgent !== true && !this.#isHeld(id)) return false;
    await this.#options.calls.make(id, { id: record.owner }, 'send', { kind: 'sleep' });
    return true;
  }

  /**
   * Ends a session and deletes it, as its owner would.
   *
   * @throws SessionNotFoundError, ShuttingDownError, StorageUnavailableError, WorkspaceUnavailableError
   */
  async end(id: string): Promise<void> {
    const { owner } = await this.#record(id, this.#options.wait());
    await this.#options.delete(id, { id: owner });
  }

  #isHeld(id: string): boolean {
    return this.#options.live.get(id) !== undefined;
  }

  async #record(id: string, wait: StorageWait): Promise<SessionRecord> {
    const { records, assertRunning } = this.#options;
    assertRunning();
    const record = await wait.for(records.get(id));
    if (!record) throw new SessionNotFoundError();
    return record;
  }

  async #describe(records: readonly SessionRecord[], wait: StorageWait): Promise<AdminSession[]> {
    const servers = new Map(records.map(({ id, server }) => [id, server ?? null]));
    const described = await wait.for(this.#options.describe(records));
    return described.map((session) =>
      forOperator(session, servers.get(session.session_id) ?? null),
    );
  }
}

/** Returns the part of a description that an operator may see. */
function forOperator(session: DescribedSession, server: string | null): AdminSession {
  return {
    session_id: session.session_id,
    owner: session.owner,
    state: session.state,
    agent: session.agent,
    model: session.model,
    permission_mode: session.permission_mode,
    ...(session.sandbox !== undefined && { sandbox: session.sandbox }),
    created_at: session.created_at,
    last_activity_at: session.last_activity_at,
    server,
    members: session.members.length,
    subscribers: session.subscribers,
    open_requests: session.pending.length,
    running_tasks: session.tasks.length,
    last_id: session.last_id,
    total_cost_usd: session.total_cost_usd,
  };
}
