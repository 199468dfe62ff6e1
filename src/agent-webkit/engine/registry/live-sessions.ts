import { randomUUID } from 'node:crypto';
import type { SessionConfig } from '../agent-client.js';
import { AgentSlots } from '../agent/agent-slots.js';
import { answered } from '../answered.js';
import { Session } from '../session/session.js';
import type { SessionDependencies } from '../session/session-dependencies.js';
import type { SessionRecord } from '../storage.js';
import { type ClaimedAgent, WarmPool } from '../agent/warm-pool.js';
import { within } from '../timing/within.js';

export interface LiveSessionsOptions extends Omit<
  SessionDependencies,
  'slots' | 'onOwnershipLost' | 'onUnused'
> {
  /** How many agents may run on this server. */
  maxAgents: number;
  /** How many of them wait for sessions that do not exist yet. */
  warmPool: number;
}

/** How long subscribers may take to read what is due to them when the server goes down. */
const DRAIN_TIMEOUT_MS = 1000;
/** How long an agent may take to be gone after its grace. A host's own may never be. */
const AGENT_GONE_TIMEOUT_MS = 5000;

/**
 * The sessions in this server's memory. One is taken into it when it is created or asked for, and
 * leaves it when it is deleted, given up, or when nobody has used it for a while.
 */
export class LiveSessions {
  readonly #deps: SessionDependencies;
  /** A promise while a session is being created, restored. */
  readonly #sessions = new Map<string, Promise<Session | null>>();
  readonly #pool: WarmPool;
  /** By session, the agent that was started ahead of it. */
  readonly #claims = new Map<string, ClaimedAgent>();
  /** The epochs of those that were claimed and could not be read: nobody else takes them up. */
  readonly #unread = new Map<string, number>();
  /** The agents of sessions that have ended, until they are gone. */
  readonly #leaving = new Set<Promise<void>>();

  constructor({ maxAgents, warmPool, ...deps }: LiveSessionsOptions) {
    const slots = new AgentSlots(maxAgents);
    const { sdkFactory, storage, logger } = deps;
    const hasTranscripts = storage.transcripts !== undefined;
    this.#pool = new WarmPool({ size: warmPool, sdkFactory, hasTranscripts, slots, logger });
    this.#deps = {
      ...deps,
      slots,
      onOwnershipLost: (id, agentGone) => {
        this.#sessions.delete(id);
        this.#dropClaim(id);
        this.#track(agentGone);
      },
      onUnused: (id) => void this.#evictUnused(id),
    };
  }

  /** How many there are. */
  get size(): number {
    return this.#sessions.size;
  }

  /** The session, if it is in memory or on its way into it. */
  get(id: string): Promise<Session | null> | undefined {
    return this.#sessions.get(id);
  }

  /** Keeps what comes to be a session, or null when it does not. */
  hold<Held extends Session | null>(id: string, session: Promise<Held>): Promise<Held> {
    this.#sessions.set(id, session);
    session.then(
      (held) => held ?? this.forget(id),
      () => this.forget(id),
    );
    return session;
  }

  /** Starts agents ahead, of this configuration. */
  warmUp(config: SessionConfig): void {
    this.#pool.fill(config);
  }

  /** An id for a new session of this configuration: that of an agent that waits for it, if there is one. */
  claimId(config: SessionConfig): string {
    const claimed = this.#pool.claim(config);
    if (claimed) this.#claims.set(claimed.sessionId, claimed);
    return claimed?.sessionId ?? randomUUID();
  }

  /** Begins a session whose record is stored. */
  async create(record: SessionRecord): Promise<Session> {
    const { sdkFactory } = this.#claims.get(record.id) ?? this.#deps;
    return Session.create(record, { ...this.#deps, sdkFactory });
  }

  /** Takes a stored session into memory. Null when there is none. */
  restore(id: string): Promise<Session | null> {
    const { records } = this.#deps.storage;
    const restore = async () => {
      const record = await records.claim(id);
      if (record) this.#unread.set(id, record.epoch);
      const session = record && (await Session.restore(record, this.#deps));
      // All that is left is its end: its server stopped while it was being deleted.
      if (record && !session) await records.delete(id);
      this.#unread.delete(id);
      return session;
    };
    return this.hold(id, answered(restore()));
  }

  /** The ids of those that could not be read when they were to be restored, and are still this server's. */
  async unread(): Promise<string[]> {
    const ids: string[] = [];
    for (const [id, epoch] of this.#unread) {
      if (this.#sessions.has(id)) continue; // it is being restored
      // oxlint-disable-next-line no-await-in-loop -- there are few, if any
      const record = await this.#deps.storage.records.get(id);
      if (record?.epoch === epoch) ids.push(id);
      else if (this.#unread.get(id) === epoch) this.#unread.delete(id);
    }
    return ids;
  }

  /** Ends a session; resolves when its last event is committed, to a promise of its agent's end. */
  async end(session: Session, how: 'for_good' | 'for_now', graceMs: number) {
    const { agentGone } = await session.end(how, graceMs);
    this.#dropClaim(session.id);
    this.#track(agentGone);
    return { agentGone: within(graceMs + AGENT_GONE_TIMEOUT_MS, agentGone) };
  }

  /** Lets a session go that has ended, or never came to be. */
  forget(id: string): void {
    this.#sessions.delete(id);
    this.#dropClaim(id);
  }

  /** Removes a session from memory. It goes on where it is restored. */
  async evict(session: Session): Promise<void> {
    // It may have ended meanwhile, and another one of this id be there.
    if ((await this.#sessions.get(session.id)) !== session) return;
    this.#sessions.delete(session.id);
    await this.end(session, 'for_now', 0);
  }

  async #evictUnused(id: string): Promise<void> {
    const session = await this.#sessions.get(id);
    if (session) await this.evict(session);
  }

  /** Ends all of them. Resolves when the streams have ended and the agents are gone, or took too long. */
  async endAll(how: 'for_good' | 'for_now', graceMs: number): Promise<void> {
    // A storage that does not answer holds up nothing here for long.
    const held = await Promise.allSettled(
      [...this.#sessions.values()].map((session) => within(DRAIN_TIMEOUT_MS, session)),
    );
    const sessions = held.flatMap((result) =>
      result.status === 'fulfilled' && result.value ? [result.value] : [],
    );
    await Promise.all(
      sessions.map((session) => within(DRAIN_TIMEOUT_MS, this.end(session, how, graceMs))),
    );
    this.#track(this.#pool.close(graceMs));
    const drained = Promise.all(sessions.map((session) => session.unsubscribed()));
    const agentsGone = Promise.all(this.#leaving);
    await Promise.all([
      within(DRAIN_TIMEOUT_MS, drained),
      within(graceMs + AGENT_GONE_TIMEOUT_MS, agentsGone),
    ]);
    this.#sessions.clear();
  }

  /** Ends the agent that was claimed for a session, if that never took it. */
  #dropClaim(id: string): void {
    const claimed = this.#claims.get(id);
    this.#claims.delete(id);
    if (claimed) this.#track(claimed.giveUp());
  }

  #track(agentGone: Promise<void>): void {
    const leaving = agentGone.finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }
}
