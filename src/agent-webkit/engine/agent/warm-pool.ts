import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { SdkFactory, SessionConfig } from '../agent-client.js';
import type { AgentSlots } from './agent-slots.js';
import type { EngineLogger } from '../engine-logger.js';
import { startingWith } from '../starting-with.js';
import { type AgentPlace, WarmAgent, type WarmAgentOptions } from './warm-agent.js';

export interface WarmPoolOptions extends WarmAgentOptions {
  /** How many agents are kept ready. */
  size: number;
  slots: AgentSlots;
  /** Creates the folders of an agent. */
  prepare: (sessionId: string, config: SessionConfig) => Promise<AgentPlace>;
  /** Removes the folders of an agent that no session has claimed, when it is gone. Never rejects. */
  discard: (sessionId: string) => Promise<void>;
  logger: EngineLogger;
}

/** The id of a new session and its first agent, which is running already. */
export interface ClaimedAgent {
  sessionId: string;
  /** Returns the running agent at the first call, and starts another one at any later call. */
  sdkFactory: SdkFactory;
  /** Stops the agent if the session has not used it. */
  discard(): Promise<void>;
}

/**
 * The delay between a claim and the start of the next agents, which would slow down the new session's first
 * reply. Further claims do not extend it, so that sessions created in quick succession do not empty the pool.
 */
const REFILL_DELAY_MS = 1000;
/** How long unclaimed agents are kept without a new session before they are stopped. */
const IDLE_TIMEOUT_MS = 10 * 60 * 1000;

/**
 * Starts agents ahead of their sessions, so that a new session's first reply waits for no start. Each
 * has the default configuration and a session id of its own. A new session with that configuration
 * claims one of them, and another one is started in its place. Model, permission mode and partial
 * messages may differ from it.
 *
 * These agents take slots like all agents, and are the first to be evicted. When no session is
 * created for ten minutes, they are stopped, and started again after the next creation.
 */
export class WarmPool {
  readonly #options: WarmPoolOptions;
  readonly #agents = new Set<WarmAgent>();
  #config: SessionConfig | null = null;
  #idleTimer: NodeJS.Timeout | undefined;
  #refillTimer: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** The start of agents that runs, or the last one. Agents start one after the other. */
  #started: Promise<void> = Promise.resolve();
  /** The number of times that all agents were stopped. A start that had to wait compares it. */
  #stops = 0;

  constructor(options: WarmPoolOptions) {
    this.#options = options;
  }

  /** The number of agents that were started and not claimed. */
  get warm(): number {
    return this.#agents.size;
  }

  /** Starts agents with this configuration. */
  fill(config: SessionConfig): void {
    this.#config = config;
    this.#refill();
  }

  /** Returns an agent for a session with this configuration, or null when none is ready. */
  claim(config: SessionConfig): ClaimedAgent | null {
    const agent = [...this.#agents].find((waiting) => waiting.fits(config)) ?? null;
    if (agent) this.#remove(agent);
    this.#refillLater();
    if (!agent) return null;
    const { sdkFactory } = this.#options;
    let waiting: WarmAgent | null = agent;
    return {
      sessionId: agent.sessionId,
      sdkFactory: startingWith(sdkFactory, (start) => {
        // Its first message may have an output format of its own.
        const isReady = isDeepStrictEqual(start.outputFormat, config.outputFormat);
        if (!isReady) void waiting?.close(0);
        const client = (isReady && waiting?.bind(start)) || sdkFactory(start);
        waiting = null;
        return client;
      }),
      discard: async () => waiting?.close(0),
    };
  }

  /** Starts no more agents, and stops those that were not claimed. Resolves when they are gone. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    await this.#stopAll(graceMs);
  }

  /** Starts agents again after {@link close}. */
  reopen(): void {
    this.#isClosed = false;
    this.#refill();
  }

  async #stopAll(graceMs: number): Promise<void> {
    this.#stops += 1;
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#refillTimer);
    this.#refillTimer = undefined;
    const agents = [...this.#agents];
    for (const agent of agents) this.#remove(agent);
    await Promise.all([this.#started, ...agents.map((agent) => this.#stop(agent, graceMs))]);
  }

  #refillLater(): void {
    if (this.#refillTimer || this.#isClosed || this.#options.size === 0) return;
    this.#refillTimer = setTimeout(() => this.#refill(), REFILL_DELAY_MS);
    this.#refillTimer.unref();
  }

  #refill(): void {
    this.#refillTimer = undefined;
    clearTimeout(this.#idleTimer);
    if (this.#isClosed || this.#options.size === 0) return;
    this.#idleTimer = setTimeout(() => void this.#stopAll(0), IDLE_TIMEOUT_MS);
    this.#idleTimer.unref();
    this.#started = this.#startMissing(this.#started);
  }

  async #startMissing(before: Promise<void>): Promise<void> {
    await before;
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    while (this.#agents.size < this.#options.size && (await this.#start()));
  }

  /** Resolves to false when there is no free slot, or no agent can be started. */
  async #start(): Promise<boolean> {
    const { slots, logger, prepare, discard } = this.#options;
    const config = this.#config;
    if (!config || !slots.hasFree || this.#isClosed) return false;
    const stops = this.#stops;
    const id = randomUUID();
    try {
      const place = await prepare(id, config);
      if (stops !== this.#stops || !slots.hasFree) {
        await discard(id);
        return false;
      }
      const agent: WarmAgent = new WarmAgent(id, config, place, this.#options, (cause) => {
        // The folders of a claimed agent are those of its session, which closes it.
        if (!this.#agents.has(agent)) return;
        // Not replaced before the next claim, because the next agent may end for the same reason.
        this.#remove(agent);
        void this.#stop(agent, 0);
        if (cause instanceof Error)
          logger.warn(`An agent that was started ahead has ended: ${cause.message}`);
      });
      this.#agents.add(agent);
      void slots.acquire(agent);
      return true;
    } catch (error) {
      logger.warn(`Could not start an agent ahead: ${String(error)}`);
      await discard(id);
      return false;
    }
  }

  /** Stops an agent that no session has claimed. Resolves when it is gone, and its folders are removed. */
  async #stop(agent: WarmAgent, graceMs: number): Promise<void> {
    await agent.close(graceMs).catch(() => undefined);
    await this.#options.discard(agent.sessionId);
  }

  #remove(agent: WarmAgent): void {
    if (this.#agents.delete(agent)) this.#options.slots.release(agent);
  }
}
