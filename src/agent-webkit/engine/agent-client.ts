import type {
  EffortLevel,
  PermissionMode,
  PermissionResult,
  PermissionUpdate,
  SDKMessage,
  SessionStore,
} from '@anthropic-ai/claude-agent-sdk';
import type { UserContent } from '../protocol/events.js';
import type { OutputFormat } from '../protocol/output-format.js';
import type { AskPeople } from './agent-asks.js';
import type { AgentSandbox, SandboxLimits } from './agent-sandbox.js';
import type { EngineLogger } from './engine-logger.js';
import type { HostTools } from './host-tool.js';
import type { PermissionGrants } from './permission-grants.js';
import type { TraceContext } from './trace-context.js';

export type { EffortLevel, PermissionMode, PermissionResult, PermissionUpdate, SDKMessage };

/** Details of a tool call for which the agent requests permission. A subset of the SDK's own options. */
export interface PermissionContext {
  /** Aborts when the agent cancels the request, for example because its turn was interrupted. */
  signal: AbortSignal;
  toolUseID: string;
  agentID?: string;
  suggestions?: PermissionUpdate[];
  blockedPath?: string;
  decisionReason?: string;
  title?: string;
  displayName?: string;
  description?: string;
  /** The MCP server of the tool. The name is text from a configuration unless `source` is `sdk`. */
  mcpServer?: { name: string; source: string };
  /** True when the prompt must not be approvable by a single stray keystroke. */
  defaultToNo?: boolean;
  /** True when the prompt must not offer to allow the tool permanently. */
  suppressAlwaysAllowRule?: boolean;
  /** The configured rule that requires a person's decision. */
  matchedAskRule?: { source: string; toolName: string; ruleContent?: string };
  /**
   * Resolves to true when a later agent can repeat the request, because the conversation is stored up to it.
   *
   * @default the request ends with its agent
   */
  stored?: Promise<boolean>;
}

/** A tool call whose request was answered while no agent ran. */
export interface AwaitedCall {
  toolUseID: string;
  toolName: string;
  /** The calls of the same message that wait for their own answers, or for their own agents. */
  others: readonly string[];
  /**
   * The calls of durable tools in the newest message that had their answers from an agent, and may have run.
   * Those without a request have not: the agent asks about them when this call has its result.
   */
  answered: readonly string[];
}

/** Asks the user to permit a tool call, or to answer the questions of `AskUserQuestion`. */
export type CanUseTool = (
  toolName: string,
  input: Record<string, unknown>,
  context: PermissionContext,
) => Promise<PermissionResult>;

/** The configuration of a session. The host decides which parts of it a client may choose. */
export interface SessionConfig {
  /** The name of the model; null for the agent's default. */
  model: string | null;
  permissionMode: PermissionMode;
  /** The effort of the model; null for the agent's default. @default null */
  effort?: EffortLevel | null;
  /**
   * The maximum number of tokens for thinking in one answer of the model, for models that have such a budget; 0
   * for no thinking, null for the agent's default. @default null
   */
  maxThinkingTokens?: number | null;
  /** The MCP servers that clients have disabled. An agent starts without them. @default none */
  disabledMcpServers?: readonly string[];
  /**
   * The format of the last answer of every turn whose message has no format of its own: the SDK's option
   * `outputFormat`, with a JSON Schema of at most 32,768 bytes. An agent is started with the format of its next
   * turn. @default none: the answer is text
   */
  outputFormat?: OutputFormat;
  /** The absolute path of the agent's working directory. */
  cwd: string;
  /** True to send text and tool inputs while they stream. */
  includePartialMessages: boolean;
  /** The maximum number of agent steps in a turn. @default no limit */
  maxTurns?: number;
  /**
   * The maximum cost of the session, in US dollars. An agent receives what its predecessors left of
   * it. @default no limit
   */
  maxBudgetUsd?: number;
  /**
   * The tools whose calls always need a person, and whose requests stay open without an agent: names, in which
   * `*` stands for any text. @default those of the option `agent.durableTools`
   */
  durableTools?: readonly string[];
  /** The rules and folders that replies to permission requests added. @default none */
  grants?: PermissionGrants;
  /** The host's own data, passed to it whenever it starts an agent for this session. Kept as JSON. */
  hostContext?: HostContext;
  /** The hosts that the agent can reach, in place of those of the option `network.allow`. @default those of the option */
  network?: { readonly allow: readonly string[] };
  /** The files that the host gives the session. @default none */
  files?: GivenFiles;
}

/** Files of the server that a session receives. All paths of the server are absolute. */
export interface GivenFiles {
  /** Files and folders that are copied into the session's folder when it is created. */
  readonly copy?: readonly {
    /** A path of the server. */
    readonly from: string;
    /** A path in the session's folder; `.` for the folder itself. */
    readonly to: string;
  }[];
  /**
   * Files and folders of the server that the agent can read, at the same path. Those in folders that agents
   * write are ignored.
   */
  readonly readOnly?: readonly string[];
}

/** The folders of a session on this machine. All are absolute and real paths. */
export interface AgentFolders {
  /** The folder that the agent may write. It contains `cwd`. */
  readonly folder: string;
  /** The agent's home, which no other session has. */
  readonly home: string;
  /** The memories that all sessions of the owner share; null for none. */
  readonly memory: string | null;
  /** Folders inside `folder` that belong to the server or to other sessions. */
  readonly hidden: readonly string[];
  /**
   * Folders that other agents write. What is in them may be replaced by a link at any time.
   *
   * @default none
   */
  readonly written?: readonly string[];
  /**
   * True when `folder` contains the current directory of the server, or its workspace, so that an agent would
   * reach more than `hidden` lists, such as the database. No agent with {@link AgentWalls} starts there.
   *
   * @default false
   */
  readonly containsServer?: boolean;
}

/** The walls around an agent. */
export interface AgentWalls {
  readonly sandbox: AgentSandbox;
  readonly limits: SandboxLimits;
  /** Files and folders of the server that the agent can read. */
  readonly readOnly: readonly string[];
  /** The hosts that the agent can reach. */
  readonly allow: readonly string[];
  /** The limits of the session's requests to the model. @default none */
  readonly model?: ModelLimits;
  /** The log of the server, for what concerns all agents, such as an outage of the model. @default no log */
  readonly logger?: EngineLogger;
}

/** The limits of the requests to the model of one session, over all of its agents; null for none. */
export interface ModelLimits {
  readonly modelRequestsPerMinute: number | null;
  /** Input that the model does not read from its cache, and output. */
  readonly modelTokensPerMinute: number | null;
}

/** A JSON value. */
export type HostContext =
  | string
  | number
  | boolean
  | null
  | readonly HostContext[]
  | { readonly [key: string]: HostContext };

/** Everything that an agent needs in order to start. */
export interface AgentStart extends SessionConfig {
  /** The id of the session, a UUID. */
  sessionId: string;
  /**
   * The id of the agent's conversation to begin or to resume, a UUID: the session's id, and after the
   * agent cleared its context the id of the conversation that it began then.
   */
  conversationId: string;
  /** The id of the session's owner; null for an agent that starts ahead of its session. */
  owner: string | null;
  /** True to resume the conversation, which an earlier agent of this session had. */
  resume: boolean;
  canUseTool: CanUseTool;
  /**
   * Asks the people of the session for something other than a tool.
   *
   * @default the agent cancels such requests by itself
   */
  askPeople?: AskPeople;
  /**
   * Returns true for a call that always needs a person, also where the agent's own rules permit it.
   *
   * @default false for every call
   */
  alwaysAsks?: (toolName: string, input: Record<string, unknown>) => boolean;
  /**
   * The call for which the agent asks again, with the same `toolUseID`, in place of receiving a message. The
   * agent then goes on with the turn, until its `result`. If other calls of the same message have no results, it
   * ends after this one, without a result.
   *
   * @default none: the agent waits for a message
   */
  awaited?: AwaitedCall;
  /**
   * The messages of users for the running turn.
   *
   * @default every message is a turn of its own
   */
  steering?: SteeredMessages;
  /**
   * How long the agent may take to be ready for messages, once its process is started, in milliseconds.
   * After that, it has failed: it ends its process, and `messages` throws. @default no limit
   */
  startTimeoutMs?: number;
  /**
   * The id of a message that another one has replaced. If the conversation still has it, the agent resumes from before
   * it, and has forgotten that message and everything after it. @default none
   */
  rewindTo?: string;
  /** The tools of the host, which run in the server. @default none */
  hostTools?: HostTools;
  /** The models that the host permits, also for sub-agents. @default any */
  models?: readonly string[];
  /** The store of the agent's transcripts. Without it, the agent uses its own files. */
  transcripts?: SessionStore;
  /** The span of the agent's first turn. @default it belongs to no trace */
  trace?: TraceContext;
  /** The session's folders. @default the agent works in `cwd`, and has the server's home */
  folders?: AgentFolders;
  /** The walls around the agent. @default none */
  walls?: AgentWalls;
  /**
   * True when an agent without {@link walls} must not start: other machines can reach this server, or the
   * host requires a sandbox. A factory that {@link SdkFactory.usesWalls} then fails the start.
   *
   * @default false
   */
  wallsRequired?: boolean;
}

/** The messages that users send into a running turn. */
export interface SteeredMessages {
  /**
   * Returns the messages that the agent receives before its next request to the model, oldest first; none if it
   * must not. Call it right before that request, and not in a sub-agent. What is returned has to be part of that
   * request, or must never be used: when the turn ends, it is a turn of its own.
   */
  take(): readonly AgentInput[];
  /**
   * Call it when a message is part of the conversation, and a later agent that resumes that has it, too; and before
   * the `result` of the turn.
   */
  delivered(messageId: string): void;
}

/** An MCP server of an agent. */
export interface McpServerState {
  name: string;
  /** `connected`, `pending` while it starts, `failed`, `needs-auth` or `disabled`. */
  status: string;
}

/** A model that an agent can use. A subset of the SDK's `ModelInfo`. */
export interface AgentModel {
  /** The name for {@link AgentClient.setModel}; `default` for the agent's default. */
  value: string;
  /** The id of the model that this name stands for. */
  resolvedModel?: string;
  displayName: string;
  description: string;
  supportedEffortLevels?: readonly string[];
}

/** A slash command of an agent. A subset of the SDK's `SlashCommand`. */
export interface AgentCommand {
  /** Without the slash. */
  name: string;
  description: string;
  argumentHint: string;
  aliases?: readonly string[];
}

/** A kind of sub-agents that an agent can start. */
export interface SubAgent {
  name: string;
  description: string;
  model?: string;
}

/** How much of the model's context is in use. A subset of the SDK's own report. */
export interface ContextUsage {
  model: string;
  totalTokens: number;
  maxTokens: number;
  percentage: number;
  categories: readonly { id?: string; name: string; tokens: number; kind: string }[];
}

/** One user message for an agent. */
export interface AgentInput {
  /** A UUID. */
  messageId: string;
  content: UserContent;
  /**
   * True when the content is a slash command, and the host permits it. Every other content is text: an
   * agent does not take it for a command, and reads no file that it mentions.
   */
  isCommand: boolean;
}

/**
 * One running agent. Only the session that started it calls it.
 *
 * `messages` has one reader, which reads it to the end. It ends when the agent is closed, and throws
 * when the agent cannot start or ends unexpectedly. Error messages are shown to subscribers: they
 * must not contain paths, names of libraries or secrets.
 */
export interface AgentClient {
  readonly messages: AsyncIterable<SDKMessage>;
  /**
   * The cost since the agent's last `result`, in US dollars, as far as it is known. It is the cost of a
   * turn that is cut off.
   *
   * @default 0
   */
  readonly unreportedUsd?: number;
  /** The `maxBudgetUsd` of an agent that was started ahead, before it got its {@link AgentStart}. @default that of its start */
  readonly maxBudgetUsd?: number | undefined;
  /**
   * Folders in which the agent writes, and that are not those of its session. They count towards the session's
   * disk quota while it runs.
   *
   * @default none
   */
  readonly folders?: readonly string[];
  /** Delivers one user message, which starts a turn. Called only between turns. */
  send(input: AgentInput): void;
  /**
   * Aborts the running turn, which then ends with a `result` message. Resolves to `'withdrawn'` instead when
   * the agent had not begun with the turn's message and never will: no message of that turn follows.
   */
  interrupt(): Promise<'withdrawn' | void>;
  setModel(model: string | null): Promise<void>;
  setPermissionMode(mode: PermissionMode): Promise<void>;
  /** @default the agent is replaced by one with the other effort, between turns */
  setEffort?(effort: EffortLevel | null): Promise<void>;
  /** @default the agent is replaced by one with the other budget, between turns */
  setMaxThinkingTokens?(tokens: number | null): Promise<void>;
  stopTask(taskId: string): Promise<void>;
  /**
   * True while requests to people are all that the agent works on: no other tool of its turn runs, and each
   * request is {@link PermissionContext.stored}.
   *
   * @default false
   */
  readonly isWaiting?: boolean;
  /**
   * A call of the message of {@link AgentStart.awaited} that has not asked yet, once the agent has ended without a
   * result: another agent asks for it. Null for none.
   *
   * @default null
   */
  readonly unasked?: { readonly toolUseID: string; readonly toolName: string } | null;
  /**
   * Ends the agent and its processes at once, as a crash would: its open requests are left as they are, and
   * a later agent can repeat them. Resolves when all of them have ended.
   *
   * @default its requests end with it
   */
  park?(): Promise<void>;
  /** Returns the MCP servers of the agent and their status, also while it starts. */
  mcpServers?(): Promise<readonly McpServerState[]>;
  /**
   * Connects an MCP server again. Rejects when that fails.
   *
   * @default clients cannot reconnect a server
   */
  reconnectMcpServer?(name: string): Promise<void>;
  /**
   * Enables an MCP server, or disables it: then the agent does not have its tools.
   *
   * @default clients cannot enable or disable a server
   */
  toggleMcpServer?(name: string, enabled: boolean): Promise<void>;
  /** Returns the models that the agent offers. */
  supportedModels?(): Promise<readonly AgentModel[]>;
  /** Returns the slash commands of the agent, also those that the host does not permit. */
  supportedCommands?(): Promise<readonly AgentCommand[]>;
  /** Returns the kinds of sub-agents that the agent can start. */
  supportedAgents?(): Promise<readonly SubAgent[]>;
  /** Returns how much of the context is in use, without a request to the model. */
  contextUsage?(): Promise<ContextUsage>;
  /**
   * Ends the agent and all processes that it started. Resolves when all of them have ended. May be
   * called repeatedly.
   *
   * @param graceMs how long the agent may take to end by itself before it is terminated
   */
  close(graceMs: number): Promise<void>;
}

/**
 * Starts an agent for a session, new or resumed. Returns at once. When the start fails, `messages`
 * throws.
 */
export interface SdkFactory {
  (start: AgentStart): AgentClient;
  /**
   * Removes what the agents of a session have written outside the storage, on this machine. Called when
   * the session is deleted by a client or expires, after its agent has ended, and possibly again; also
   * on a server that had the session when another server deleted it. A deletion waits at most five
   * seconds for it, and continues if it fails.
   */
  forget?(session: EndedSession): Promise<void>;
  /**
   * Returns those of the messages that a stored conversation has. No agent has the conversation meanwhile. Called for
   * messages of {@link AgentStart.steering} that an agent had taken before it was lost.
   *
   * @default none: such a message becomes a turn of its own, which may be its second one
   */
  findMessages?(
    conversation: StoredConversation,
    messageIds: readonly string[],
  ): Promise<readonly string[]>;
  /**
   * Resolves to true when a stored conversation has a message that began a turn, so that an agent can forget it by
   * {@link AgentStart.rewindTo}. Called while the agent is idle, or gone.
   *
   * @param rewindTo as for the next agent: that message, and what follows it, is not there any more
   * @default no message can be replaced
   */
  hasTurn?(
    conversation: StoredConversation,
    messageId: string,
    rewindTo?: string,
  ): Promise<boolean>;
  /**
   * Returns a warning for the server's log when no agent could work, for example without credentials; else null.
   *
   * @param hasWalls true when the agents get {@link AgentStart.walls}
   */
  check?(hasWalls?: boolean): Promise<string | null>;
  /**
   * True when its agents run commands, and run inside the {@link AgentStart.walls}. A server that others can
   * reach then refuses to start without a working sandbox. False when its agents need no walls, because they
   * run no command. A factory that calls another one and passes `start` on should have the value of that one.
   *
   * @default unknown: the agents get walls where a sandbox works, and clients receive no `sandbox`
   */
  usesWalls?: boolean;
}

/** A conversation of an agent in the storage. */
export type StoredConversation = Pick<
  AgentStart,
  'sessionId' | 'conversationId' | 'cwd' | 'transcripts'
>;

/** A session that is being deleted. */
export interface EndedSession extends SessionConfig {
  sessionId: string;
  /** The id of the session's owner. */
  owner: string;
  /** The ids of the agent's conversations, the first and up to 100 later ones. The last one is the newest. */
  conversationIds: readonly string[];
}
