import { randomUUID } from 'node:crypto';
import type { AgentClient, SdkFactory, SessionConfig } from '../agent-client.js';
import type { AgentSlots } from './agent-slots.js';
import type { EngineLogger } from '../engine-logger.js';
import { WarmAgent } from './warm-agent.js';

export interface WarmPoolOptions {
  /** How many agents wait. */
  size: number;
  sdkFactory: SdkFactory;
  /** Whether sessions have somewhere to keep their agents' conversations. */
  hasTranscripts: boolean;
  slots: AgentSlots;
  logger: EngineLogger;
}

/** A session's id and its first agent, which runs already. */
export interface ClaimedAgent {
  sessionId: string;
  /** Hands the agent over at the first call; starts another one later. */
  sdkFactory: SdkFactory;
  /** Ends the agent, where nobody needs it after all. */
  giveUp(): Promise<void>;
}

/** How long after a claim the next one is started: the first word of the session that claimed goes first. */
const REFILL_DELAY_MS = 1000;
/** After how long without a new session the agents that wait are given up, in milliseconds. */
const IDLE_TIMEOUT_MS = 10 * 60 * 1000;

/**
 * Agents that were started ahead, so that a new session's first word needs no start. Each has the
 * default configuration and a session's id of its own; who creates a session with that
 * configuration gets one of them, and another one is started in its place. Model and permission
 * mode may differ: they are set when it is claimed.
 *
 * They take slots like all agents, and are the first to lose them. Nobody has come for a while: all
 * are given up, until the next session is created.
 */
export class WarmPool {
  readonly #options: WarmPoolOptions;
  readonly #agents = new Set<WarmAgent>();
  #config: SessionConfig | null = null;
  #idleTimer: NodeJS.Timeout | undefined;
  #refillTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: WarmPoolOptions) {
    this.#options = options;
  }

  /** Starts agents of this configuration. */
  fill(config: SessionConfig): void {
    this.#config = config;
    this.#refill();
  }

  /** An agent for a session of this configuration, or null where there is none. */
  claim(config: SessionConfig): ClaimedAgent | null {
    const agent = [...this.#agents].find((waiting) => waiting.fits(config)) ?? null;
    if (agent) this.#forget(agent);
    this.#refillLater();
    if (!agent) return null;
    const { sdkFactory } = this.#options;
    let waiting: WarmAgent | null = agent;
    return {
      sessionId: agent.sessionId,
      sdkFactory: (start) => {
        const client: AgentClient = waiting?.bind(start) ?? sdkFactory(start);
        waiting = null;
        return client;
      },
      giveUp: async () => waiting?.close(0),
    };
  }

  /** Starts no more, and ends those that wait. Resolves when they are gone. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    await this.#giveUp(graceMs);
  }

  async #giveUp(graceMs: number): Promise<void> {
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#refillTimer);
    const agents = [...this.#agents];
    for (const agent of agents) this.#forget(agent);
    await Promise.all(agents.map((agent) => agent.close(graceMs)));
  }

  #refillLater(): void {
    clearTimeout(this.#refillTimer);
    if (this.#isClosed || this.#options.size === 0) return;
    this.#refillTimer = setTimeout(() => this.#refill(), REFILL_DELAY_MS);
    this.#refillTimer.unref();
  }

  #refill(): void {
    clearTimeout(this.#idleTimer);
    if (this.#isClosed || this.#options.size === 0) return;
    this.#idleTimer = setTimeout(() => void this.#giveUp(0), IDLE_TIMEOUT_MS);
    this.#idleTimer.unref();
    while (this.#agents.size < this.#options.size && this.#start());
  }

  /** False when there is no slot for one, or it cannot be started. */
  #start(): boolean {
    const { slots, logger } = this.#options;
    if (!this.#config || !slots.hasFree) return false;
    try {
      const agent: WarmAgent = new WarmAgent(randomUUID(), this.#config, this.#options, (cause) => {
        // It is not replaced before it is missed: what ended it may end the next one, too.
        this.#forget(agent);
        if (cause instanceof Error)
          logger.warn(`An agent that was started ahead ended: ${cause.message}`);
      });
      this.#agents.add(agent);
      void slots.take(agent);
      return true;
    } catch (error) {
      logger.warn(`No agent could be started ahead: ${String(error)}`);
      return false;
    }
  }

  #forget(agent: WarmAgent): void {
    if (this.#agents.delete(agent)) this.#options.slots.free(agent);
  }
}
