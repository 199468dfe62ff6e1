import type {
  PermissionMode,
  PermissionResult,
  PermissionUpdate,
  SDKMessage,
  SessionStore,
} from '@anthropic-ai/claude-agent-sdk';
import type { UserContent } from '../protocol/events.js';
import type { PermissionGrants } from './permission-grants.js';

export type { PermissionMode, PermissionResult, PermissionUpdate, SDKMessage };

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
  /** The rules and folders that replies to permission requests added. @default none */
  grants?: PermissionGrants;
  /** The host's own data, passed to it whenever it starts an agent for this session. Kept as JSON. */
  hostContext?: HostContext;
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
   * How long the agent may take to be ready for messages, once its process is started, in milliseconds.
   * After that, it has failed: it ends its process, and `messages` throws. @default no limit
   */
  startTimeoutMs?: number;
  /** The models that the host permits, also for sub-agents. @default any */
  models?: readonly string[];
  /** The store of the agent's transcripts. Without it, the agent uses its own files. */
  transcripts?: SessionStore;
}

/** An MCP server of an agent. */
export interface McpServerState {
  name: string;
  /** `connected`, `pending` while it starts, `failed`, `needs-auth` or `disabled`. */
  status: string;
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
  /** Delivers one user message, which starts a turn. Called only between turns. */
  send(input: AgentInput): void;
  /**
   * Aborts the running turn, which then ends with a `result` message. Resolves to `'withdrawn'` instead when
   * the agent had not begun with the turn's message and never will: no message of that turn follows.
   */
  interrupt(): Promise<'withdrawn' | void>;
  setModel(model: string | null): Promise<void>;
  setPermissionMode(mode: PermissionMode): Promise<void>;
  stopTask(taskId: string): Promise<void>;
  /** Returns the MCP servers of the agent and their status, also while it starts. */
  mcpServers?(): Promise<readonly McpServerState[]>;
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
  /** Returns a warning for the server's log when no agent could work, for example without credentials; else null. */
  check?(): Promise<string | null>;
}

/** A session that is being deleted. */
export interface EndedSession extends SessionConfig {
  sessionId: string;
  /** The id of the session's owner. */
  owner: string;
  /** The ids of the agent's conversations, the first and up to 100 later ones. The last one is the newest. */
  conversationIds: readonly string[];
}
