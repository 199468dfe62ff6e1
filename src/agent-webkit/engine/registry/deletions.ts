import { WorkspaceUnavailableError } from '../errors.js';
import { retry } from '../timing/retry.js';
import type { Session } from '../session/session.js';
import type { SessionDependencies } from '../session/session-dependencies.js';
import { createSessionEvent } from '../session-event.js';
import { OwnedElsewhereError, type SessionRecord } from '../storage.js';
import type { StorageWait } from '../storage-guard/storage-wait.js';
import type { SessionFolders } from '../workspace/session-folders.js';
import { type Deleted, forgetSession, readConversations } from './forget-session.js';
import type { LiveSessions } from './live-sessions.js';
import type { UnreadSessions } from './unread-sessions.js';

/** The removal of what is left of a deleted session. */
export interface Removal {
  /** The owner of the session. */
  readonly owner: string;
  /** Resolves after the first attempt to remove the folders of the session: to null, or to what prevents it. */
  readonly attempted: Promise<WorkspaceUnavailableError | null>;
  /** Resolves when the agent is gone, and its files are removed. Rejects when this server stops first. */
  readonly prepared: Promise<void>;
  /** Resolves when everything is removed. Rejects when this server stops first. */
  readonly done: Promise<void>;
}

export interface DeletionDependencies extends Pick<
  SessionDependencies,
  'sdkFactory' | 'storage' | 'logger' | 'limits'
> {
  live: Pick<LiveSessions, 'hold' | 'end' | 'remove'>;
  unread: UnreadSessions;
  folders: Pick<SessionFolders, 'remove'>;
  /**
   * Resolves when the readers on other servers have the last event of a session, or took too long.
   *
   * @default at once
   */
  lastEventRead?: (sessionId: string) => Promise<void>;
}

/**
 * Deletes sessions, completely, whatever fails meanwhile.
 *
 * A deletion is decided by the commit of the event `done`. Before it, the session exists, for clients
 * and after a restart. After it, the session does not exist for any client, and what is left is removed
 * in the background, with retries until it succeeds: first the files of its agents and its folders, then
 * the stored data. A server that ends before leaves an unfinished session that ends with `done`: the next server
 * that loads it, or that looks for unfinished sessions, removes it.
 */
export class Deletions {
  readonly #deps: DeletionDependencies;
  readonly #removals = new Map<string, Removal>();
  readonly #stopped = new AbortController();

  constructor(deps: DeletionDependencies) {
    this.#deps = deps;
  }

  /** Returns the removal of a session that has not ended yet. */
  get(id: string): Removal | undefined {
    return this.#removals.get(id);
  }

  /**
   * Deletes a session. Resolves to true when nothing is left of it, and to false when this server lost
   * the session to another one first.
   *
   * @param wait how long to wait for the storage. The deletion continues in the background
   * @throws StorageUnavailableError, WorkspaceUnavailableError when it takes longer
   */
  async delete(session: Session, wait: StorageWait): Promise<boolean> {
    const removal = await wait.for(this.decide(session));
    if (!removal) return false;
    await this.removed(removal, wait);
    return true;
  }

  /**
   * Resolves when nothing is left of a deleted session.
   *
   * @throws StorageUnavailableError, WorkspaceUnavailableError when that takes longer. It continues in
   *   the background
   */
  async removed(removal: Removal, wait: StorageWait): Promise<void> {
    const problem = await removal.attempted;
    if (problem) throw problem;
    await removal.prepared;
    await wait.for(removal.done);
  }

  /**
   * Ends a session, and starts to remove it once its `done` is committed. Resolves to null when this
   * server loses the session before.
   */
  async decide(session: Session): Promise<Removal | null> {
    const { live, limits } = this.#deps;
    const { agentGone } = await live.end(session, 'deleted', limits.agentGraceMs);
    if (session.endReason !== 'deleted') return null;
    const removal = this.remove(session, session.laterConversations, agentGone);
    removal.done.then(
      () => live.remove(session.id),
      () => undefined, // this server stops
    );
    return removal;
  }

  /** Deletes a session that is not in memory. Resolves when nothing is left of it, or it belongs to another server. */
  async deleteStored(id: string): Promise<void> {
    const { live, unread, storage } = this.#deps;
    const decide = async () => {
      const record = await storage.records.claim(id);
      if (!record) return null;
      unread.add(id, record.epoch);
      await this.#appendDone(record);
      this.remove(record, null);
      unread.delete(id);
      return null;
    };
    try {
      // Held as a session that does not exist, so that no request loads it meanwhile.
      await live.hold(id, decide());
    } catch (error) {
      if (error instanceof OwnedElsewhereError) return;
      throw error;
    }
    await this.get(id)?.done;
  }

  /**
   * Removes what is left of a session whose `done` is committed, or returns the removal that runs.
   *
   * @param later the conversations after the first one; null to read them from the storage
   * @param agentGone resolves when its agent is gone, or takes too long: a stopping agent still writes
   */
  remove(
    session: Deleted,
    later: readonly string[] | null,
    agentGone: Promise<unknown> = Promise.resolve(),
  ): Removal {
    const known = this.#removals.get(session.id);
    if (known) return known;
    let onAttempt!: (problem: WorkspaceUnavailableError | null) => void;
    const attempted = new Promise<WorkspaceUnavailableError | null>((resolve) => {
      onAttempt = resolve;
    });
    const prepared = agentGone
      .then(() => this.#forget(session, later))
      .then(() => this.#removeFolders(session.id, onAttempt))
      .finally(() => onAttempt(null));
    // From now on: a server that has read the last event tells so once.
    const read = this.#deps.lastEventRead?.(session.id) ?? Promise.resolve();
    const done = prepared.then(() => read).then(() => this.#deleteStored(session.id));
    const removal: Removal = { owner: session.owner, attempted, prepared, done };
    this.#removals.set(session.id, removal);
    void this.#untilDone(session.id, done);
    return removal;
  }

  /** Deletes the record of a session of which no client knows. Resolves when it is deleted, or this server stops. */
  async discard(id: string): Promise<void> {
    await this.#deleteStored(id).catch(() => undefined);
  }

  /** Stops retrying. Resolves when no removal can make progress without the storage any more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.allSettled([...this.#removals.values()].map(({ done }) => done));
  }

  /**
   * Decides the deletion of a session that this server has claimed and not loaded: commits its `done`.
   *
   * @throws StorageUnavailableError when that is unknown
   */
  async #appendDone({ id, epoch, log }: SessionRecord): Promise<void> {
    const done = createSessionEvent(
      log.lastSeq + 1,
      { event: 'done', data: {} },
      new Date().toISOString(),
    );
    await this.#deps.storage.events.append({
      sessionId: id,
      epoch,
      events: [done],
      keys: [],
      isUnfinished: true,
      summary: { firstSeq: log.firstSeq, costUsd: log.costUsd },
      requests: [],
    });
  }

  async #forget(session: Deleted, later: readonly string[] | null): Promise<void> {
    const { sdkFactory, storage } = this.#deps;
    if (!sdkFactory.forget) return;
    const read = () => this.#untilAnswered(() => readConversations(storage.events, session.id));
    await forgetSession(this.#deps, session, later ?? (await read()));
  }

  async #removeFolders(
    id: string,
    onFirstFailure: (problem: WorkspaceUnavailableError) => void,
  ): Promise<void> {
    const { folders, logger } = this.#deps;
    let isReported = false;
    await retry(() => folders.remove(id), {
      signal: this.#stopped.signal,
      isFinal: () => false,
      onFailure: (error) => {
        if (isReported) return;
        isReported = true;
        const isUnavailable = error instanceof WorkspaceUnavailableError; // reported elsewhere
        onFirstFailure(isUnavailable ? error : new WorkspaceUnavailableError(error));
        if (isUnavailable) return;
        logger.warn(`Session ${id}: could not remove its folders. Retrying: ${String(error)}`);
      },
    });
  }

  #deleteStored(id: string): Promise<void> {
    return this.#untilAnswered(() => this.#deps.storage.records.delete(id));
  }

  #untilAnswered<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    return retry(call, {
      signal: this.#stopped.signal,
      isFinal: () => false,
      onFailure: () => undefined, // reported by the storage's guard
    });
  }

  async #untilDone(id: string, done: Promise<void>): Promise<void> {
    try {
      await done;
    } catch {
      // This server stops. The next one continues.
    }
    this.#removals.delete(id);
  }
}
