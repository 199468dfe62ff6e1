import type { WireEvent } from '../../protocol/events.js';
import type { AskPeople } from '../agent-asks.js';
import type {
  AgentClient,
  AgentStart,
  CanUseTool,
  McpServerState,
  PermissionMode,
  SDKMessage,
  SdkFactory,
  SteeredMessages,
} from '../agent-client.js';
import { type AgentFailureCode, failureCode } from '../agent-failure.js';
import { AgentMessages } from './agent-messages.js';
import { AgentWork } from './agent-work.js';
import type { AgentSlots, SlotHolder } from './agent-slots.js';
import type { EngineLogger } from '../engine-logger.js';
import type { EngineObserver } from '../engine-observer.js';
import { McpWatch } from './mcp-watch.js';
import { cancelledRequest, unansweredAsk } from './cancelled-request.js';
import { ProposedPlans } from './proposed-plans.js';

export interface SessionAgentOptions {
  sdkFactory: SdkFactory;
  slots: AgentSlots;
  /** The holder of the agent's slot. */
  holder: SlotHolder;
  /**
   * Receives the starts and the ends of agents. It must not throw.
   *
   * @default none
   */
  observer?: EngineObserver;
  logger: EngineLogger;
}

/** Receives the events of a session's agent, and its end. */
export interface AgentListener {
  /** Called with the events of one message. A returned promise pauses reading the agent until it resolves. */
  onEvents: (events: WireEvent[]) => void | Promise<void>;
  /** Called when the agent has ended although it was not closed. */
  onExit: (exit: AgentExit) => void;
  /** Called with the permission mode that the agent reports. */
  onPermissionMode: (mode: PermissionMode) => void;
  /** Called when a turn of the agent, or everything it was working on, has ended. */
  onWorkEnded: () => void;
}

/** The end of an agent that was not closed. */
export interface AgentExit {
  /** False when the agent never sent a message: its start failed. */
  hasSpoken: boolean;
  /** The code of the limit that the agent exceeded; null for any other end. */
  code: AgentFailureCode | null;
  /** The call to ask for next, if the agent ended for that; else null. */
  unasked: NonNullable<AgentClient['unasked']> | null;
  /** A sentence for people, without internals. */
  reason: string;
  cause: unknown;
}

/**
 * A session's agent: none or one, never two.
 *
 * `start` creates the agent, and its messages are read to their end. `close` stops it; the next
 * `start` waits until it is gone, because both would write the same transcript. When an agent ends
 * by itself, `onExit` is called once, and the session has no agent.
 */
export class SessionAgent {
  readonly #options: SessionAgentOptions;
  readonly #listener: AgentListener;
  #client: AgentClient | null = null;
  #work = new AgentWork();
  readonly #plans = new ProposedPlans();
  /** Publishes changes of the MCP servers of the running agent. */
  #publishServers: (servers: readonly McpServerState[]) => void = () => undefined;
  #starting: Promise<AgentClient | null> | null = null;
  /** A start that was cancelled and has not returned yet. The next start waits for it. */
  #cancelled: Promise<unknown> = Promise.resolve();
  /** Resolves when the agent that is being closed is gone. */
  #closing: Promise<void> | null = null;
  #isOutdated = false;
  /** The cost of the last agent after its last result, until that is taken. */
  #unreportedUsd = 0;
  /** Resolves when the messages of the last agent are read to their end. */
  #reading: Promise<void> = Promise.resolve();
  /** The number of closes. A start that had to wait compares it, to find out if it was cancelled. */
  #closes = 0;

  constructor(options: SessionAgentOptions, listener: AgentListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** The running agent, or null. */
  get client(): AgentClient | null {
    return this.#client;
  }

  /** The agent's work, as its messages report it. */
  get work(): Pick<AgentWork, 'isInTurn' | 'isAtWork' | 'backgroundSince'> {
    return this.#work;
  }

  /** True when the agent was started for a session that has changed since, in a way that only a start applies. */
  get isOutdated(): boolean {
    return this.#isOutdated;
  }

  /** The folders of the running agent that are not those of its session. */
  get folders(): readonly string[] {
    return this.#client?.folders ?? [];
  }

  /** Asks the running agent for its MCP servers, and publishes those whose status has changed. */
  async reportServers(): Promise<void> {
    const publish = this.#publishServers;
    const servers = await this.#client?.mcpServers?.();
    if (servers) publish(servers);
  }

  /** Returns the cost of a turn that is cut off, in US dollars, as far as it is known. Call it once for the turn. */
  takeUnreportedUsd(): number {
    const usd = this.#client?.unreportedUsd ?? this.#unreportedUsd;
    this.#unreportedUsd = 0;
    return usd;
  }

  /** Marks the running agent as outdated, until the next one is started. */
  outdate(): void {
    this.#isOutdated = this.isAlive;
  }

  /** True when there is an agent or one is being started. */
  get isAlive(): boolean {
    return this.#client !== null || this.#starting !== null;
  }

  /**
   * Returns the running agent, or starts one when the previous one is gone. Resolves to null when
   * {@link close} cancelled the start, or when the agent could not be created, which is reported to
   * `onExit`.
   */
  start(createStart: () => Promise<AgentStart>, costUsd: number): Promise<AgentClient | null> {
    if (this.#client) return Promise.resolve(this.#client);
    if (this.#starting) return this.#starting;
    const starting = this.#start(createStart, costUsd).finally(() => {
      if (this.#starting === starting) this.#starting = null;
    });
    this.#starting = starting;
    return starting;
  }

  /** Stops the agent, if there is one, or cancels its start. Resolves when it is gone; never rejects. */
  close(graceMs: number): Promise<void> {
    this.#closes += 1;
    if (this.#starting) this.#cancelled = this.#starting;
    this.#starting = null;
    this.#options.slots.cancel(this.#options.holder);
    return this.#end((client) => client.close(graceMs));
  }

  /** Resolves when the last agent is gone, and all that it has written is known. Never rejects. */
  async gone(): Promise<void> {
    await this.#closing;
    if (!this.#client) await this.#reading;
  }

  /** Ends the agent as a crash would, so that a later one can repeat its open requests. Never rejects. */
  park(): Promise<void> {
    return this.#end((client) => client.park?.() ?? client.close(0));
  }

  #end(end: (client: AgentClient) => Promise<void>): Promise<void> {
    const client = this.#client;
    if (!client) return this.#closing ?? Promise.resolve();
    this.#unreportedUsd = client.unreportedUsd ?? 0;
    this.#client = null;
    this.#isOutdated = false;
    this.#work = new AgentWork();
    const closing = end(client)
      .catch((error: unknown) => {
        this.#options.logger.error('An agent could not be stopped.', error);
      })
      .finally(() => {
        if (this.#closing === closing) this.#closing = null;
        this.#options.slots.release(this.#options.holder);
      });
    this.#closing = closing;
    return closing;
  }

  async #start(
    createStart: () => Promise<AgentStart>,
    costUsd: number,
  ): Promise<AgentClient | null> {
    const closes = this.#closes;
    await this.#cancelled;
    while (this.#closing) {
      // oxlint-disable-next-line no-await-in-loop -- one close may follow another
      await this.#closing;
    }
    if (closes !== this.#closes) return null;
    const { slots, holder } = this.#options;
    const hasSlot = await slots.acquire(holder);
    if (closes !== this.#closes) {
      if (hasSlot) slots.release(holder);
      return null;
    }
    let start: AgentStart;
    try {
      start = await createStart();
    } catch (error) {
      slots.release(holder);
      if (closes === this.#closes) this.#listener.onExit(describeExit(false, error));
      return null;
    }
    if (closes !== this.#closes) {
      slots.release(holder);
      return null;
    }
    const { sessionId } = start;
    this.#options.observer?.agentStarting?.({ sessionId });
    const startedAt = performance.now();
    let client: AgentClient | null = null;
    const canUseTool: CanUseTool = (toolName, input, context) =>
      // A request of an agent that is being closed can no longer be answered.
      this.#client === client
        ? start.canUseTool(
            toolName,
            this.#plans.complete(toolName, input, context.toolUseID),
            context,
          )
        : Promise.resolve(cancelledRequest());
    const askPeople: AskPeople = async (kind, asked, signal) =>
      this.#client === client && start.askPeople
        ? start.askPeople(kind, asked, signal)
        : unansweredAsk(kind);
    const whileCurrent = (steering: SteeredMessages): SteeredMessages => ({
      take: () => (this.#client === client ? steering.take() : []),
      delivered: (messageId) => {
        if (this.#client === client) steering.delivered(messageId);
      },
    });
    try {
      client = this.#options.sdkFactory({
        ...start,
        canUseTool,
        askPeople,
        ...(start.steering && { steering: whileCurrent(start.steering) }),
      });
    } catch (error) {
      slots.release(holder);
      this.#options.observer?.agentEnded?.({ sessionId, outcome: 'failed' });
      this.#listener.onExit(describeExit(false, error));
      return null;
    }
    this.#client = client;
    this.#unreportedUsd = 0;
    this.#work = new AgentWork();
    const { logger } = this.#options;
    const messages = new AgentMessages(start, costUsd, this.#plans, logger);
    this.#reading = this.#read(client, messages, start, startedAt);
    return client;
  }

  async #read(
    client: AgentClient,
    messages: AgentMessages,
    { sessionId, maxBudgetUsd }: AgentStart,
    startedAt: number,
  ): Promise<void> {
    const { observer } = this.#options;
    let hasSpoken = false;
    let cause: unknown;
    const publish = (servers: readonly McpServerState[]) => {
      if (this.#client === client) this.#pass(messages.readServers(servers));
    };
    this.#publishServers = publish;
    const watch = new McpWatch(client, publish);
    try {
      for await (const message of client.messages) {
        if (!hasSpoken) {
          observer?.agentStarted?.({ sessionId, durationMs: performance.now() - startedAt });
        }
        hasSpoken = true;
        // Messages of an agent that is being closed are dropped, except for what it could not store.
        if (this.#client !== client) {
          this.#pass(messages.readLast(message));
          continue;
        }
        // The agent counts its budget from zero again.
        if (message.type === 'conversation_reset' && maxBudgetUsd !== undefined)
          this.#isOutdated = true;
        const mode = permissionModeIn(message);
        if (mode !== undefined) this.#listener.onPermissionMode(mode);
        if (message.type === 'system' && message.subtype === 'init') watch.stop();
        const events = messages.read(message);
        const { isInTurn, isAtWork } = this.#work;
        this.#work.observe(message);
        const taken = events.length > 0 ? this.#listener.onEvents(events) : undefined;
        if (taken) await taken;
        const hasLess = (isInTurn && !this.#work.isInTurn) || (isAtWork && !this.#work.isAtWork);
        if (hasLess) this.#listener.onWorkEnded();
      }
    } catch (error) {
      cause = error;
    }
    watch.stop();
    const isStopped = this.#client !== client;
    observer?.agentEnded?.({ sessionId, outcome: isStopped ? 'stopped' : 'failed' });
    if (isStopped) return;
    // Processes that the agent started may have outlived it.
    void this.close(0);
    const unasked = cause === undefined ? client.unasked : null;
    this.#listener.onExit({ ...describeExit(hasSpoken, cause), unasked: unasked ?? null });
  }

  /** Passes on events that nothing waits for. If they cannot be stored, the log ends the session by itself. */
  #pass(events: WireEvent[]): void {
    if (events.length > 0) this.#listener.onEvents(events)?.catch(() => undefined);
  }
}

/** Returns the permission mode that a message reports, if any. The agent reports each change at once. */
function permissionModeIn(message: SDKMessage): PermissionMode | undefined {
  const isReport =
    message.type === 'system' && (message.subtype === 'init' || message.subtype === 'status');
  return isReport ? message.permissionMode : undefined;
}

function describeExit(hasSpoken: boolean, cause: unknown): AgentExit {
  const reason = cause instanceof Error ? cause.message : 'The agent ended unexpectedly.';
  return { hasSpoken, code: failureCode(cause), unasked: null, reason, cause };
}
