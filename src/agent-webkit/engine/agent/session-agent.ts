import type { WireEvent } from '../../protocol/events.js';
import type {
  AgentClient,
  AgentStart,
  CanUseTool,
  SDKMessage,
  SdkFactory,
} from '../agent-client.js';
import { AgentWork } from './agent-work.js';
import type { AgentSlots, SlotHolder } from './agent-slots.js';
import type { EngineLogger } from '../engine-logger.js';
import { MessageTranslator } from './message-translator.js';
import { cancelledRequest } from './cancelled-request.js';

export interface SessionAgentOptions {
  sdkFactory: SdkFactory;
  slots: AgentSlots;
  /** Who has the agent's slot. */
  holder: SlotHolder;
  /** Takes what the agent said. A promise holds the agent back until it resolves. */
  onEvents: (events: WireEvent[]) => void | Promise<void>;
  /** Called when the agent is gone though nobody closed it. */
  onExit: (exit: AgentExit) => void;
  /** Called when the agent is at nothing any more. */
  onRest: () => void;
  logger: EngineLogger;
}

/** How an agent ended by itself. */
export interface AgentExit {
  /** False when it never said a word, so that its start is what failed. */
  hasSpoken: boolean;
  /** A sentence for people. */
  reason: string;
  cause: unknown;
}

/**
 * A session's agent: there is none, or one, never two.
 *
 * From nothing, `start` makes one; from then on it reads what the agent says to its end. `close`
 * ends it, and the next `start` waits until it is gone, since both would write the same transcript.
 * An agent that ends by itself is told to `onExit`, once, and there is none again.
 */
export class SessionAgent {
  readonly #options: SessionAgentOptions;
  #client: AgentClient | null = null;
  #work = new AgentWork();
  #starting: Promise<AgentClient | null> | null = null;
  /** A start that was given up and has not noticed it yet, for which the next one waits. */
  #givenUp: Promise<unknown> = Promise.resolve();
  /** Resolves when the agent that is being closed is gone. */
  #closing: Promise<void> | null = null;
  /** Counts closes, so that a start that waited knows whether it is still wanted. */
  #closes = 0;

  constructor(options: SessionAgentOptions) {
    this.#options = options;
  }

  /** The running agent, or null. */
  get client(): AgentClient | null {
    return this.#client;
  }

  /** What the agent is at. */
  get work(): Pick<AgentWork, 'isInTurn' | 'isAtWork'> {
    return this.#work;
  }

  /** Whether there is an agent or soon will be. */
  get isAlive(): boolean {
    return this.#client !== null || this.#starting !== null;
  }

  /**
   * Starts an agent, once the last one is gone, or returns the one there is. Resolves to null when
   * it was closed meanwhile, or when it could not be made, which `onExit` is told.
   */
  start(createStart: () => AgentStart, costUsd: number): Promise<AgentClient | null> {
    if (this.#client) return Promise.resolve(this.#client);
    if (this.#starting) return this.#starting;
    const starting = this.#start(createStart, costUsd).finally(() => {
      if (this.#starting === starting) this.#starting = null;
    });
    this.#starting = starting;
    return starting;
  }

  /** Ends the agent, if there is one. Resolves when it is gone; never rejects. */
  close(graceMs: number): Promise<void> {
    this.#closes += 1;
    if (this.#starting) this.#givenUp = this.#starting;
    this.#starting = null;
    this.#options.slots.giveUp(this.#options.holder);
    const client = this.#client;
    if (!client) return this.#closing ?? Promise.resolve();
    this.#client = null;
    this.#work = new AgentWork();
    const closing = client
      .close(graceMs)
      .catch((error: unknown) => {
        this.#options.logger.error('An agent could not be closed.', error);
      })
      .finally(() => {
        if (this.#closing === closing) this.#closing = null;
        this.#options.slots.free(this.#options.holder);
      });
    this.#closing = closing;
    return closing;
  }

  async #start(createStart: () => AgentStart, costUsd: number): Promise<AgentClient | null> {
    const closes = this.#closes;
    await this.#givenUp;
    while (this.#closing) {
      // oxlint-disable-next-line no-await-in-loop -- one close may follow another
      await this.#closing;
    }
    if (closes !== this.#closes) return null;
    const { slots, holder } = this.#options;
    const hasSlot = await slots.take(holder);
    if (closes !== this.#closes) {
      if (hasSlot) slots.free(holder);
      return null;
    }
    const start = createStart();
    let client: AgentClient | null = null;
    const canUseTool: CanUseTool = (toolName, input, context) =>
      // What an agent asks while it is being closed concerns nobody, and nobody would answer.
      this.#client === client
        ? start.canUseTool(toolName, input, context)
        : Promise.resolve(cancelledRequest());
    try {
      client = this.#options.sdkFactory({ ...start, canUseTool });
    } catch (error) {
      slots.free(holder);
      this.#options.onExit(describeExit(false, error));
      return null;
    }
    this.#client = client;
    this.#work = new AgentWork();
    void this.#read(client, new MessageTranslator(start.sessionId, costUsd));
    return client;
  }

  async #read(client: AgentClient, translator: MessageTranslator): Promise<void> {
    let hasSpoken = false;
    let cause: unknown;
    try {
      for await (const message of client.messages) {
        hasSpoken = true;
        // What an agent still says while it is being closed concerns nobody.
        if (this.#client !== client) continue;
        const events = this.#translate(translator, message);
        const wasAtWork = this.#work.isAtWork;
        this.#work.observe(message);
        const taken = events.length > 0 ? this.#options.onEvents(events) : undefined;
        if (taken) await taken;
        if (wasAtWork && !this.#work.isAtWork) this.#options.onRest();
      }
    } catch (error) {
      cause = error;
    }
    if (this.#client !== client) return;
    // Its process may be gone while what it had started is not.
    void this.close(0);
    this.#options.onExit(describeExit(hasSpoken, cause));
  }

  /**
   * A message whose shape is not as expected is one we do not know: no event, and no reason to end
   * the agent. But where a turn's end cannot be read, waiting for it would have no end either.
   */
  #translate(translator: MessageTranslator, message: SDKMessage): WireEvent[] {
    try {
      return translator.translate(message);
    } catch (error) {
      if (message.type === 'result') throw error;
      this.#options.logger.warn(`A message '${message.type}' was not understood: ${String(error)}`);
      return [];
    }
  }
}

function describeExit(hasSpoken: boolean, cause: unknown): AgentExit {
  const reason = cause instanceof Error ? cause.message : 'The agent ended unexpectedly.';
  return { hasSpoken, reason, cause };
}
