import { durableTools } from '../durable-tools.js';
import { randomUUID } from 'node:crypto';
import type { SessionConfig } from '../agent-client.js';
import type { AgentCounts } from '../census.js';
import { AgentSlots } from '../agent/agent-slots.js';
import { WarmPool } from '../agent/warm-pool.js';
import type { CommittedLog } from '../event-log/committed-events.js';
import type { Appended } from '../event-log/group-commit.js';
import { ClaimedAgents } from './claimed-agents.js';
import { Deletions } from './deletions.js';
import { Departures } from './departures.js';
import { AGENT_GONE_TIMEOUT_MS } from './end-sessions.js';
import { removeIfDeleted } from './forget-session.js';
import { LostCommits } from './lost-commits.js';
import type { SessionDependencies } from '../session/session-dependencies.js';
import { Session } from '../session/session.js';
import {
  type DescribedSession,
  describeLog,
  describeSession,
  storedStatusOf,
} from '../session/session-info.js';
import type { SessionRecord } from '../storage.js';
import { within } from '../timing/within.js';
import type { NewFolders, SessionFolders } from '../workspace/session-folders.js';
import { UnreadSessions } from './unread-sessions.js';

export interface LiveSessionsOptions extends Omit<
  SessionDependencies,
  'slots' | 'folders' | 'isDraining' | 'onOwnershipLost' | 'onReset' | 'onUnused' | 'onCommitted'
> {
  folders: SessionFolders;
  /** How many agents may run on this server. */
  maxAgents: number;
  /**
   * How long an agent with only background tasks keeps its slot while another session waits for one, in
   * milliseconds; null for no limit.
   */
  backgroundGraceMs: number | null;
  /** How many of them are started ahead of their sessions. */
  warmPool: number;
  /**
   * Resolves when the readers on other servers have the last event of a deleted session, or took too long.
   *
   * @default at once
   */
  lastEventRead?: (sessionId: string) => Promise<void>;
  /**
   * Called when this server may be able to start more agents than before.
   *
   * @default nothing is called
   */
  onAgentFree?: () => void;
  /**
   * Called when a session has entered memory.
   *
   * @default nothing is called
   */
  onEntered?: (sessionId: string) => void;
  /**
   * Called with events that were committed to a session in memory, with the state of its committed events and
   * what tells their ids, and with the ids of the session's owner, who is the first, and members.
   *
   * @default nothing is called
   */
  onEvents?: (
    sessionId: string,
    appended: readonly Appended[],
    log: CommittedLog,
    readers: readonly string[],
  ) => void;
}

/**
 * The sessions in this server's memory. A session enters memory when it is created or requested. It
 * leaves when it is deleted, taken over by another server, or evicted because it is unused.
 */
export class LiveSessions {
  readonly #deps: SessionDependencies & { folders: SessionFolders };
  /** Pending while a session is being created or restored. */
  readonly #sessions = new Map<string, Promise<Session | null>>();
  /** The deletions of sessions. */
  readonly deletions: Deletions;
  /** The ways by which sessions leave the memory. */
  readonly departures: Departures;
  readonly #lostCommits: LostCommits;
  readonly #agents: ClaimedAgents;
  readonly #unread: UnreadSessions;
  readonly #onEntered: ((sessionId: string) => void) | undefined;
  #isShuttingDown = false;

  constructor({
    maxAgents,
    warmPool,
    backgroundGraceMs,
    onAgentFree,
    onEntered,
    onEvents,
    ...deps
  }: LiveSessionsOptions) {
    this.#onEntered = onEntered;
    const slots = new AgentSlots(maxAgents, backgroundGraceMs, onAgentFree);
    const { sdkFactory, folders, storage, logger } = deps;
    const hasTranscripts = storage.transcripts !== undefined;
    this.#agents = new ClaimedAgents(
      new WarmPool({
        size: folders.canStartAhead ? warmPool : 0,
        sdkFactory,
        hasTranscripts,
        alwaysAsks: durableTools(deps.durableTools),
        maxBudgetUsd: deps.dailyBudget?.maxUsd ?? null,
        slots,
        prepare: (id, config) => folders.create(id, null, config),
        discard: (id) => this.#removeFolders(id),
        logger,
      }),
    );
    this.#deps = {
      ...deps,
      slots,
      isDraining: () => this.departures.isDraining,
      onOwnershipLost: (id, agentGone) => {
        const lost = this.#sessions.get(id);
        this.#lostCommits.suspect();
        this.remove(id);
        deps.observer?.sessionLost?.({ sessionId: id });
        this.#agents.track(agentGone.then(() => removeIfDeleted(this.#deps, lost)));
      },
      onReset: (id, epoch, agentGone) => {
        this.remove(id);
        this.#unread.addReset(id, epoch);
        this.#agents.track(agentGone);
        // Where reading loads no session. When this fails, the next search for unfinished sessions loads it.
        if (deps.storage.cluster) this.load(id).catch(() => undefined);
      },
      onUnused: (id) => void this.#evictUnused(id),
      onCommitted: (id, seq, appended, log, readers) => {
        if (this.#sessions.has(id)) this.#lostCommits.committed(id, seq);
        onEvents?.(id, appended, log, readers);
      },
    };
    this.#lostCommits = new LostCommits(storage.records);
    this.#unread = new UnreadSessions(storage.records);
    this.deletions = new Deletions({ ...deps, live: this, unread: this.#unread });
    this.departures = new Departures({ live: this, deps: this.#deps, agents: this.#agents });
  }

  /** The slots of this server's agents. */
  get slots(): Pick<AgentSlots, 'areBusy' | 'free'> {
    return this.#deps.slots;
  }

  /** The number of sessions in memory. */
  get size(): number {
    return this.#sessions.size;
  }

  /** The ids of {@link held}. */
  get ids(): string[] {
    return [...this.#sessions.keys()];
  }

  /** The agents of this server, without those of sessions. */
  get agentCounts(): Omit<AgentCounts, 'running'> {
    const { free, max, waiting } = this.#deps.slots;
    return { warm: this.#agents.warm, free, max, waiting };
  }

  /** The sessions in memory, and those that are being created or restored. */
  get held(): Promise<Session | null>[] {
    return [...this.#sessions.values()];
  }

  /** Returns the session if it is in memory, or is being created or restored. */
  get(id: string): Promise<Session | null> | undefined {
    return this.#sessions.get(id);
  }

  /** Returns the session if it is in memory now, without waiting for one that is being created or restored. */
  async peek(id: string): Promise<Session | null> {
    const none = Promise.resolve(null);
    return Promise.race([this.#sessions.get(id) ?? none, none]).catch(() => null);
  }

  /** Describes a session that is only in the storage. */
  describeStored(record: SessionRecord): DescribedSession {
    const { describeWalls } = this.#deps;
    const status = storedStatusOf(record);
    return describeSession(record, describeLog(record), status, 0, describeWalls);
  }

  /**
   * Returns the session from memory, or restores it. Resolves to null when it does not exist or is being
   * removed, or when it would have to be restored during a shutdown.
   */
  load(id: string): Promise<Session | null> {
    const held = this.#sessions.get(id);
    if (held) return held;
    const isGone = this.#isShuttingDown || this.deletions.get(id) !== undefined;
    return isGone ? Promise.resolve(null) : this.#restore(id);
  }

  /** Keeps a session that is being created, restored or deleted. It is removed when the promise rejects or resolves to null. */
  hold<Held extends Session | null>(id: string, session: Promise<Held>): Promise<Held> {
    this.#sessions.set(id, session);
    session.then(
      (held) => (held ? this.#onEntered?.(id) : this.remove(id)),
      () => this.remove(id),
    );
    return session;
  }

  /** Starts agents ahead, with this configuration. */
  warmUp(config: SessionConfig): void {
    this.#agents.warmUp(config);
  }

  /** Returns an id for a new session of this configuration: that of an agent started ahead, if there is one. */
  claimId(config: SessionConfig): string {
    return this.#agents.claim(config) ?? randomUUID();
  }

  /** Creates the folders of a new session. */
  createFolders({ id, owner, config }: SessionRecord): Promise<NewFolders> {
    return this.#deps.folders.create(id, owner, config);
  }

  /** Removes what a session has that was not created after all: its agent and its folders. Never rejects. */
  async discard(id: string): Promise<void> {
    await this.#agents.drop(id);
    await this.#removeFolders(id);
  }

  /** Creates a session whose record is stored. */
  async create(record: SessionRecord): Promise<Session> {
    const sdkFactory = this.#agents.factoryOf(record.id) ?? this.#deps.sdkFactory;
    return Session.create(record, { ...this.#deps, sdkFactory });
  }

  /** Removes the folders of a session that does not exist. Never rejects: the next server tries again. */
  async #removeFolders(id: string): Promise<void> {
    const { folders, logger } = this.#deps;
    await folders.remove(id).catch((error: unknown) => {
      logger.warn(`Could not remove the folders of session ${id}: ${String(error)}`);
    });
  }

  /** Returns the ids of sessions that this server claimed, could not read, and still owns. */
  unread(): Promise<string[]> {
    return this.#unread.owned((id) => this.#sessions.has(id));
  }

  /** Ends a session. Resolves when its last event is committed; `agentGone` when its agent is gone or takes too long. */
  async end(
    session: Session,
    reason: 'deleted' | 'released',
    graceMs: number,
  ): Promise<{ agentGone: Promise<unknown> }> {
    const { agentGone } = await session.end(reason, graceMs);
    void this.#agents.drop(session.id);
    this.#agents.track(agentGone);
    return { agentGone: within(graceMs + AGENT_GONE_TIMEOUT_MS, agentGone) };
  }

  /** Removes from memory a session that has ended or could not be created. */
  remove(id: string): void {
    this.forget(id);
    void this.#agents.drop(id);
  }

  /** Closes the sessions in memory of which the storage has lost events. They continue when they are restored. */
  checkStorage(): Promise<void> {
    return this.#lostCommits.check(this.#sessions.values());
  }

  /**
   * Ends the sessions in memory that another server has taken over, after a time in which one may have.
   * Rejects when the storage cannot be read.
   */
  compareAll(): Promise<void> {
    this.#lostCommits.suspect();
    return this.checkStorage();
  }

  /** Removes from memory a session that may still be ending. */
  forget(id: string): void {
    this.#sessions.delete(id);
    this.#lostCommits.forget(id);
    this.departures.update();
  }

  /** Loads no more sessions, because this server stops. */
  stopLoading(): void {
    this.#isShuttingDown = true;
  }

  /** Removes all sessions from memory, because they have ended. */
  clear(): void {
    this.#sessions.clear();
  }

  #restore(id: string): Promise<Session | null> {
    const { records } = this.#deps.storage;
    const restore = async () => {
      const record = await records.claim(id);
      if (record) {
        this.#unread.add(id, record.epoch);
        this.#lostCommits.claimed(record);
      }
      const session =
        record && (await Session.restore(record, this.#deps, this.#unread.isReset(id)));
      // A server stopped while it deleted this session. Complete the deletion.
      if (record && !session) this.deletions.remove(record, null);
      this.#unread.delete(id);
      return session;
    };
    return this.hold(id, restore());
  }

  async #evictUnused(id: string): Promise<void> {
    const session = await this.#sessions.get(id);
    if (session) await this.departures.evict(session);
  }
}
