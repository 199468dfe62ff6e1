import type { SessionDependencies } from '../session/session-dependencies.js';
import type { Session } from '../session/session.js';
import { ShuttingDownError } from '../errors.js';
import { retry } from '../timing/retry.js';
import { within } from '../timing/within.js';
import type { ClaimedAgents } from './claimed-agents.js';
import { AGENT_GONE_TIMEOUT_MS, DRAIN_TIMEOUT_MS, endSessions } from './end-sessions.js';
import { forgetSession } from './forget-session.js';
import type { LiveSessions } from './live-sessions.js';

export interface DeparturesOptions {
  live: LiveSessions;
  deps: SessionDependencies;
  agents: ClaimedAgents;
}

/** How sessions leave the memory of this server: one by one, when it drains, and all at once when it stops. */
export class Departures {
  readonly #options: DeparturesOptions;
  /** The sessions that are out of memory, and still leaving. */
  #leaving = 0;
  #isDraining = false;
  readonly #ended = new AbortController();
  /** Those that wait until no session is left. */
  readonly #waiting = new Set<() => void>();

  constructor(options: DeparturesOptions) {
    this.#options = options;
  }

  /** True from {@link drain} to {@link resume}. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Removes a session from memory. It continues when it is restored, which any server may do. */
  async evict(session: Session): Promise<void> {
    if (await this.#isHeld(session)) await this.#leave(session, true);
  }

  /** Evicts a session. Resolves when another server may take it over. */
  async release(session: Session): Promise<void> {
    if (!(await this.#isHeld(session))) return;
    const { left } = await this.#leave(session, true);
    await left;
  }

  /**
   * Starts no more turns, and releases each session as soon as it does not work. Resolves when none is in
   * memory, and at {@link resume}. Sessions can still be loaded meanwhile, and leave as well.
   */
  async drain(): Promise<void> {
    const { live, deps, agents } = this.#options;
    this.#isDraining = true;
    agents.close(deps.limits.agentGraceMs);
    for (const held of live.held) {
      held.then(
        (session) => session?.drain(),
        () => undefined, // it could not be loaded, and is not held any more
      );
    }
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve);
      this.update();
    });
  }

  /** Ends a drain: turns start again. */
  resume(): void {
    const { live, agents } = this.#options;
    this.#isDraining = false;
    agents.reopen();
    for (const held of live.held) {
      held.then(
        (session) => session?.resume(),
        () => undefined, // it could not be loaded, and is not held any more
      );
    }
    this.#endWaiting();
  }

  /** Call it when a session has left the memory. */
  update(): void {
    if (this.#options.live.size === 0 && this.#leaving === 0) this.#endWaiting();
  }

  #endWaiting(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Stops all agents, also those that were started ahead. Their sessions continue when they are restored. */
  async stopAgents(): Promise<void> {
    const { live, agents } = this.#options;
    agents.close(0);
    const sessions = await Promise.all(live.held.map((held) => held.catch(() => null)));
    await Promise.all(
      sessions.map(async (session) => {
        // Not released: another start of their agents here would fail as well.
        if (session && (await this.#isHeld(session))) await this.#leave(session, false);
      }),
    );
  }

  /** Ends all sessions. Resolves when the streams have ended and the agents are gone, or took too long. */
  async endAll(reason: 'deleted' | 'released', graceMs: number): Promise<void> {
    const { live, deps, agents } = this.#options;
    live.stopLoading();
    const startedAt = performance.now();
    agents.close(graceMs);
    const releases: Promise<void>[] = [];
    const sessions = await endSessions(live.held, async (session) => {
      const { agentGone } = await live.end(session, reason, graceMs);
      if (reason === 'released') releases.push(this.#releaseAfter(agentGone, session));
    });
    const drained = Promise.all(sessions.map((session) => session.unsubscribed()));
    const leftMs = graceMs + AGENT_GONE_TIMEOUT_MS - (performance.now() - startedAt);
    await Promise.all([
      within(DRAIN_TIMEOUT_MS, drained),
      within(DRAIN_TIMEOUT_MS, live.deletions.stop()),
      within(Math.max(0, leftMs), agents.gone()),
      // The end of the lease releases the others.
      within(DRAIN_TIMEOUT_MS, Promise.all(releases)),
    ]);
    if (reason === 'deleted') {
      await Promise.all(
        sessions.map((session) => forgetSession(deps, session, session.laterConversations)),
      );
    }
    live.clear();
    this.#ended.abort();
  }

  /** The session may have ended meanwhile, and another object with this id may be in memory. */
  async #isHeld(session: Session): Promise<boolean> {
    const held = await this.#options.live.get(session.id);
    return held === session && session.endReason !== 'deleted';
  }

  /** Resolves when the session has ended; `left` when its agent is gone, and other servers may take it over. */
  async #leave(session: Session, isReleased: boolean): Promise<{ left: Promise<void> }> {
    const { live } = this.#options;
    this.#leaving += 1;
    live.forget(session.id);
    const ending = live.end(session, 'released', 0);
    const left = this.#afterEnd(ending, session, isReleased);
    await ending;
    return { left };
  }

  async #afterEnd(
    ending: ReturnType<LiveSessions['end']>,
    session: Session,
    isReleased: boolean,
  ): Promise<void> {
    try {
      const { agentGone } = await ending;
      if (isReleased) await this.#releaseAfter(agentGone, session);
    } finally {
      this.#leaving -= 1;
      this.update();
    }
  }

  /** Lets other servers take over a session whose agent is gone, now or when the storage answers. Never rejects. */
  async #releaseAfter(agentGone: Promise<unknown>, { id, epoch }: Session): Promise<void> {
    await agentGone;
    const { cluster } = this.#options.deps.storage;
    if (!cluster) return;
    const release = () => cluster.release(id, epoch);
    // Until then, this server owns the session, and loads it again when it is needed.
    await release().catch(() => void this.#releaseLater(release));
  }

  async #releaseLater(release: () => Promise<void>): Promise<void> {
    this.#leaving += 1;
    await retry(release, {
      signal: this.#ended.signal,
      isFinal: isOfStop,
      onFailure: () => undefined, // reported by the storage's guard
    }).catch(() => undefined); // the end of the lease releases it
    this.#leaving -= 1;
    this.update();
  }
}

function isOfStop(error: unknown): boolean {
  return error instanceof ShuttingDownError;
}
