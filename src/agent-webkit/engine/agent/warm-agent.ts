import { isDeepStrictEqual } from 'node:util';
import type { SessionKey, SessionStore } from '@anthropic-ai/claude-agent-sdk';
import type {
  AgentClient,
  AgentFolders,
  AgentStart,
  SDKMessage,
  SdkFactory,
  SessionConfig,
  SteeredMessages,
} from '../agent-client.js';
import type { IsDurable } from '../durable-tools.js';
import type { SlotHolder } from './agent-slots.js';
import { unansweredAsk } from './cancelled-request.js';

/** The folders of an agent that is started ahead. */
export interface AgentPlace {
  readonly cwd: string;
  readonly folders?: AgentFolders;
}

export interface WarmAgentOptions {
  sdkFactory: SdkFactory;
  /** True when the storage keeps the agents' transcripts. */
  hasTranscripts: boolean;
  /** Tells the calls that always need a person; null for none. */
  alwaysAsks: IsDurable | null;
  /** The maximum cost of an agent, besides that of its configuration; null for none. */
  maxBudgetUsd: number | null;
}

/**
 * An agent that is started ahead of its session. Its requests and transcript entries wait for that session.
 *
 * It is started with partial messages, because that cannot be changed later. For a session without
 * them, they are dropped.
 */
export class WarmAgent implements SlotHolder {
  readonly sessionId: string;
  readonly idleSince = performance.now();
  readonly #config: SessionConfig;
  readonly #maxBudgetUsd: number | undefined;
  readonly #client: AgentClient;
  readonly #messages: AsyncIterator<SDKMessage>;
  /** The agent's first message, or its end if it never sends one. */
  readonly #first: Promise<IteratorResult<SDKMessage>>;
  readonly #onLost: (cause: unknown) => void;
  #isBound = false;
  #steering: SteeredMessages | undefined;
  #bind!: (start: AgentStart) => void;

  /**
   * @param config the configuration of the sessions that the agent is for
   * @param place the folders that the agent works in
   * @param onLost called when the agent ends or is evicted before it is claimed; the cause is null for an eviction
   */
  constructor(
    sessionId: string,
    config: SessionConfig,
    place: AgentPlace,
    { sdkFactory, hasTranscripts, alwaysAsks, maxBudgetUsd }: WarmAgentOptions,
    onLost: (cause: unknown) => void,
  ) {
    this.sessionId = sessionId;
    this.#config = { ...config, includePartialMessages: true };
    this.#onLost = onLost;
    const bound = new Promise<AgentStart>((resolve) => {
      this.#bind = resolve;
    });
    const bounds = [config.maxBudgetUsd, maxBudgetUsd].filter((usd) => usd != null);
    this.#maxBudgetUsd = bounds.length === 0 ? undefined : Math.min(...bounds);
    this.#client = sdkFactory({
      ...this.#config,
      ...(this.#maxBudgetUsd !== undefined && { maxBudgetUsd: this.#maxBudgetUsd }),
      ...place,
      sessionId,
      conversationId: sessionId,
      owner: null,
      resume: false,
      canUseTool: async (...asked) => (await bound).canUseTool(...asked),
      askPeople: async (kind, asked, signal) =>
        (await bound).askPeople?.(kind, asked, signal) ?? unansweredAsk(kind),
      steering: {
        take: () => this.#steering?.take() ?? [],
        delivered: (messageId) => this.#steering?.delivered(messageId),
      },
      ...(hasTranscripts && { transcripts: transcriptsOf(bound) }),
      ...(alwaysAsks && { alwaysAsks }),
    });
    this.#messages = this.#client.messages[Symbol.asyncIterator]();
    this.#first = this.#messages.next();
    this.#first.then(
      ({ done }) => done && this.#onDied(null),
      (cause) => this.#onDied(cause),
    );
  }

  /** Returns true when the agent can serve a session with this configuration. */
  fits(config: SessionConfig): boolean {
    // An agent can only be started in this mode, not change to it.
    if (config.permissionMode === 'bypassPermissions') return false;
    const { model, permissionMode, includePartialMessages } = this.#config;
    const wanted = { ...config, model, permissionMode, includePartialMessages };
    return isDeepStrictEqual(wanted, this.#config);
  }

  /** Makes this the agent of a session. */
  bind(start: AgentStart): AgentClient {
    this.#isBound = true;
    this.#steering = start.steering;
    this.#bind(start);
    const client = this.#client;
    // Both calls reject when the agent has ended, which its `messages` report.
    if (start.model !== this.#config.model) client.setModel(start.model).catch(() => undefined);
    if (start.permissionMode !== this.#config.permissionMode) {
      client.setPermissionMode(start.permissionMode).catch(() => undefined);
    }
    return {
      get unreportedUsd() {
        return client.unreportedUsd ?? 0;
      },
      maxBudgetUsd: this.#maxBudgetUsd,
      get folders() {
        return client.folders ?? [];
      },
      messages: this.#readAll(start.includePartialMessages),
      send: (input) => client.send(input),
      interrupt: () => client.interrupt(),
      setModel: (model) => client.setModel(model),
      setPermissionMode: (mode) => client.setPermissionMode(mode),
      ...(client.setEffort && { setEffort: client.setEffort.bind(client) }),
      ...(client.setMaxThinkingTokens && {
        setMaxThinkingTokens: client.setMaxThinkingTokens.bind(client),
      }),
      ...(client.reconnectMcpServer && {
        reconnectMcpServer: client.reconnectMcpServer.bind(client),
      }),
      ...(client.toggleMcpServer && { toggleMcpServer: client.toggleMcpServer.bind(client) }),
      stopTask: (taskId) => client.stopTask(taskId),
      mcpServers: () => client.mcpServers?.() ?? Promise.resolve([]),
      supportedModels: () => client.supportedModels?.() ?? unanswered(),
      supportedCommands: () => client.supportedCommands?.() ?? unanswered(),
      supportedAgents: () => client.supportedAgents?.() ?? unanswered(),
      contextUsage: () => client.contextUsage?.() ?? unanswered(),
      get isWaiting() {
        return client.isWaiting ?? false;
      },
      unasked: null,
      park: () => client.park?.() ?? client.close(0),
      close: (graceMs) => client.close(graceMs),
    };
  }

  /** Stops the agent, for a session that needs its slot. */
  async evict(): Promise<void> {
    this.#onLost(null);
    await this.close(0);
  }

  close(graceMs: number): Promise<void> {
    return this.#client.close(graceMs);
  }

  #onDied(cause: unknown): void {
    // Processes that the agent started may have outlived it: its owner closes it.
    if (!this.#isBound) this.#onLost(cause);
  }

  async *#readAll(hasPartialMessages: boolean): AsyncGenerator<SDKMessage> {
    for (let next = await this.#first; !next.done; next = await this.#messages.next()) {
      if (hasPartialMessages || next.value.type !== 'stream_event') yield next.value;
    }
  }
}

function unanswered(): Promise<never> {
  return Promise.reject(new Error('This agent does not answer the question.'));
}

function transcriptsOf(bound: Promise<AgentStart>): SessionStore {
  return {
    append: async (key, entries) => (await bound).transcripts?.append(key, entries),
    load: async (key) => (await (await bound).transcripts?.load(key)) ?? null,
    listSubkeys: async (key: Pick<SessionKey, 'projectKey' | 'sessionId'>) =>
      (await (await bound).transcripts?.listSubkeys?.(key)) ?? [],
  };
}
