import { randomUUID } from 'node:crypto';
import type { SessionConfig } from '../agent-client.js';
import { AgentSlots } from '../agent/agent-slots.js';
import { WarmPool } from '../agent/warm-pool.js';
import { ClaimedAgents } from './claimed-agents.js';
import { Deletions, type Removal } from './deletions.js';
import { DRAIN_TIMEOUT_MS, endSessions } from './end-sessions.js';
import { forgetSession, removeIfDeleted } from './forget-session.js';
import { LostCommits } from './lost-commits.js';
import type { SessionDependencies } from '../session/session-dependencies.js';
import { Session } from '../session/session.js';
import type { SessionRecord } from '../storage.js';
import type { StorageWait } from '../storage-guard/storage-wait.js';
import { within } from '../timing/within.js';
import { UnreadSessions } from './unread-sessions.js';

export interface LiveSessionsOptions extends Omit<
  SessionDependencies,
  'slots' | 'onOwnershipLost' | 'onReset' | 'onUnused' | 'onCommitted'
> {
  /** How many agents may run on this server. */
  maxAgents: number;
  /**
   * How long an agent with only background tasks keeps its slot while another session waits for one, in
   * milliseconds; null for no limit.
   */
  backgroundGraceMs: number | null;
  /** How many of them are started ahead of their sessions. */
  warmPool: number;
}

/** How long to wait for an agent after its grace period. An agent of a host's own `sdkFactory` may never end. */
const AGENT_GONE_TIMEOUT_MS = 5000;

/**
 * The sessions in this server's memory. A session enters memory when it is created or requested. It
 * leaves when it is deleted, taken over by another server, or evicted because it is unused.
 */
export class LiveSessions {
  readonly #deps: SessionDependencies;
  /** Pending while a session is being created or restored. */
  readonly #sessions = new Map<string, Promise<Session | null>>();
  readonly #deletions: Deletions;
  readonly #lostCommits: LostCommits;
  readonly #agents: ClaimedAgents;
  readonly #unread: UnreadSessions;
  #isShuttingDown = false;

  constructor({ maxAgents, warmPool, backgroundGraceMs, ...deps }: LiveSessionsOptions) {
    const slots = new AgentSlots(maxAgents, backgroundGraceMs);
    const { sdkFactory, storage, logger } = deps;
    const hasTranscripts = storage.transcripts !== undefined;
    this.#agents = new ClaimedAgents(
      new WarmPool({ size: warmPool, sdkFactory, hasTranscripts, slots, logger }),
    );
    this.#deps = {
      ...deps,
      slots,
      onOwnershipLost: (id, agentGone) => {
        const lost = this.#sessions.get(id);
        this.#lostCommits.suspect();
        this.remove(id);
        this.#agents.track(agentGone.then(() => removeIfDeleted(this.#deps, lost)));
      },
      onReset: (id, epoch, agentGone) => {
        this.remove(id);
        this.#unread.addReset(id, epoch);
        this.#agents.track(agentGone);
      },
      onUnused: (id) => void this.#evictUnused(id),
      onCommitted: (id, seq) => {
        if (this.#sessions.has(id)) this.#lostCommits.committed(id, seq);
      },
    };
    this.#deletions = new Deletions(deps);
    this.#lostCommits = new LostCommits(storage.records);
    this.#unread = new UnreadSessions(storage.records);
  }

  /** The removals of deleted sessions. */
  get deletions(): Deletions {
    return this.#deletions;
  }

  /** The number of sessions in memory. */
  get size(): number {
    return this.#sessions.size;
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

  /**
   * Returns the session from memory, or restores it. Resolves to null when it does not exist or is being
   * removed, or when it would have to be restored during a shutdown.
   */
  load(id: string): Promise<Session | null> {
    const held = this.#sessions.get(id);
    if (held) return held;
    const isGone = this.#isShuttingDown || this.#deletions.get(id) !== undefined;
    return isGone ? Promise.resolve(null) : this.#restore(id);
  }

  /** Keeps a session that is being created, restored or deleted. It is removed when the promise rejects or resolves to null. */
  hold<Held extends Session | null>(id: string, session: Promise<Held>): Promise<Held> {
    this.#sessions.set(id, session);
    session.then(
      (held) => held ?? this.remove(id),
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

  /** Creates a session whose record is stored. */
  async create(record: SessionRecord): Promise<Session> {
    const sdkFactory = this.#agents.factoryOf(record.id) ?? this.#deps.sdkFactory;
    return Session.create(record, { ...this.#deps, sdkFactory });
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
    this.#agents.drop(session.id);
    this.#agents.track(agentGone);
    return { agentGone: within(graceMs + AGENT_GONE_TIMEOUT_MS, agentGone) };
  }

  /**
   * Deletes a session. Resolves to true when nothing is left of it, and to false when this server lost
   * the session to another one first.
   *
   * @param wait how long to wait for the storage. The deletion continues in the background
   * @throws StorageUnavailableError when the storage takes longer
   */
  async delete(session: Session, wait: StorageWait): Promise<boolean> {
    const removal = await wait.for(this.decideDeletion(session));
    if (!removal) return false;
    await removal.prepared;
    await wait.for(removal.done);
    return true;
  }

  /**
   * Ends a session, and starts to remove it once its `done` is committed. Resolves to null when this
   * server loses the session before.
   */
  async decideDeletion(session: Session): Promise<Removal | null> {
    const { agentGone } = await this.end(session, 'deleted', this.#deps.limits.agentGraceMs);
    if (session.endReason !== 'deleted') return null;
    const removal = this.#deletions.remove(session, session.laterConversations, agentGone);
    removal.done.then(
      () => this.remove(session.id),
      () => undefined, // this server stops
    );
    return removal;
  }

  /** Deletes a session that is not in memory. Resolves when nothing is left of it. */
  async deleteStored(id: string): Promise<void> {
    const decide = async () => {
      const record = await this.#deps.storage.records.claim(id);
      if (!record) return null;
      this.#unread.add(id, record.epoch);
      await this.#deletions.decide(record);
      this.#deletions.remove(record, null);
      this.#unread.delete(id);
      return null;
    };
    // Held as a session that does not exist, so that no request loads it meanwhile.
    await this.hold(id, decide());
    await this.#deletions.get(id)?.done;
  }

  /** Removes from memory a session that has ended or could not be created. */
  remove(id: string): void {
    this.#sessions.delete(id);
    this.#lostCommits.forget(id);
    this.#agents.drop(id);
  }

  /** Closes the sessions in memory of which the storage has lost events. They continue when they are restored. */
  checkStorage(): Promise<void> {
    return this.#lostCommits.check(this.#sessions.values());
  }

  /** Removes a session from memory. It continues when it is restored. */
  async evict(session: Session): Promise<void> {
    // The session may have ended meanwhile, and another object with this id may be in memory.
    if ((await this.#sessions.get(session.id)) !== session) return;
    if (session.endReason === 'deleted') return;
    this.#sessions.delete(session.id);
    this.#lostCommits.forget(session.id);
    await this.end(session, 'released', 0);
  }

  /** Ends all sessions. Resolves when the streams have ended and the agents are gone, or took too long. */
  async endAll(reason: 'deleted' | 'released', graceMs: number): Promise<void> {
    this.#isShuttingDown = true;
    const startedAt = performance.now();
    this.#agents.close(graceMs);
    const held = [...this.#sessions.values()];
    const sessions = await endSessions(held, (session) => this.end(session, reason, graceMs));
    const drained = Promise.all(sessions.map((session) => session.unsubscribed()));
    const agentsGone = this.#agents.gone();
    const leftMs = graceMs + AGENT_GONE_TIMEOUT_MS - (performance.now() - startedAt);
    await Promise.all([
      within(DRAIN_TIMEOUT_MS, drained),
      within(DRAIN_TIMEOUT_MS, this.#deletions.stop()),
      within(Math.max(0, leftMs), agentsGone),
    ]);
    if (reason === 'deleted') {
      await Promise.all(
        sessions.map((session) => forgetSession(this.#deps, session, session.laterConversations)),
      );
    }
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
      if (record && !session) this.#deletions.remove(record, null);
      this.#unread.delete(id);
      return session;
    };
    return this.hold(id, restore());
  }

  async #evictUnused(id: string): Promise<void> {
    const session = await this.#sessions.get(id);
    if (session) await this.evict(session);
  }
}
