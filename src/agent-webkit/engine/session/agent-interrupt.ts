import type { SessionAgent } from '../agent/session-agent.js';
import type { EngineLogger } from '../engine-logger.js';

export interface AgentInterruptOptions {
  sessionId: string;
  /** How long the agent may take to end its turn, in milliseconds. */
  timeoutMs: number;
  /** Called when the agent had not begun with the message. */
  onWithdrawn: () => void;
  /** Called when the agent has not ended its turn in time. */
  onTimeout: () => void;
  logger: EngineLogger;
}

/** One interrupt of a running agent. None of its functions is called after {@link end}. */
export class AgentInterrupt {
  readonly #options: AgentInterruptOptions;
  readonly #timer: NodeJS.Timeout;
  #isOver = false;

  constructor(agent: Pick<SessionAgent, 'client'>, options: AgentInterruptOptions) {
    this.#options = options;
    this.#timer = setTimeout(() => options.onTimeout(), options.timeoutMs);
    void this.#passOn(agent);
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  async #passOn(agent: Pick<SessionAgent, 'client'>): Promise<void> {
    const { sessionId, onWithdrawn, logger } = this.#options;
    try {
      const outcome = await agent.client?.interrupt();
      if (outcome === 'withdrawn' && !this.#isOver) onWithdrawn();
    } catch (error) {
      logger.warn(`Session ${sessionId}: the agent rejected an interrupt: ${String(error)}`);
    }
  }
}
