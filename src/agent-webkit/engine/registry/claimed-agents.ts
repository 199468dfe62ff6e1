import type { SdkFactory, SessionConfig } from '../agent-client.js';
import type { ClaimedAgent, WarmPool } from '../agent/warm-pool.js';

/** The agents that were started ahead, and those that are stopping. */
export class ClaimedAgents {
  readonly #pool: WarmPool;
  /** The agents that new sessions have claimed, by session id. */
  readonly #claims = new Map<string, ClaimedAgent>();
  /** The agents that are being stopped, until they are gone. */
  readonly #stopping = new Set<Promise<void>>();

  constructor(pool: WarmPool) {
    this.#pool = pool;
  }

  /** The number of agents that no session has claimed. */
  get warm(): number {
    return this.#pool.warm;
  }

  /** Starts agents ahead, with this configuration. */
  warmUp(config: SessionConfig): void {
    this.#pool.fill(config);
  }

  /** Claims an agent for a new session of this configuration. Returns the id of the session; null when there is no agent. */
  claim(config: SessionConfig): string | null {
    const claimed = this.#pool.claim(config);
    if (claimed) this.#claims.set(claimed.sessionId, claimed);
    return claimed?.sessionId ?? null;
  }

  /** Returns the factory that gives a session its claimed agent, if it has one. */
  factoryOf(sessionId: string): SdkFactory | undefined {
    return this.#claims.get(sessionId)?.sdkFactory;
  }

  /** Stops the agent that was claimed for a session, if the session never used it. Resolves when it is gone. */
  async drop(sessionId: string): Promise<void> {
    const claimed = this.#claims.get(sessionId);
    this.#claims.delete(sessionId);
    if (!claimed) return;
    const gone = claimed.discard();
    this.track(gone);
    await gone;
  }

  /** Adds an agent that is being stopped. */
  track(agentGone: Promise<void>): void {
    const stopping = agentGone.finally(() => this.#stopping.delete(stopping));
    this.#stopping.add(stopping);
  }

  /** Stops the agents that were started ahead. */
  close(graceMs: number): void {
    this.track(this.#pool.close(graceMs));
  }

  /** Starts agents ahead again after {@link close}. */
  reopen(): void {
    this.#pool.reopen();
  }

  /** Resolves when all agents that are being stopped now are gone. */
  async gone(): Promise<void> {
    await Promise.all(this.#stopping);
  }
}
