import type {
  PermissionMode,
  PermissionResult,
  PermissionUpdate,
  SDKMessage,
  SessionStore,
} from '@anthropic-ai/claude-agent-sdk';
import type { UserContent } from '../protocol/events.js';

export type { PermissionMode, PermissionResult, PermissionUpdate, SDKMessage };

/** Details of a tool call for which the agent requests permission. A subset of the SDK's own options. */
export interface PermissionContext {
  /** Aborts when the agent no longer waits for the answer, for example because its turn was interrupted. */
  signal: AbortSignal;
  toolUseID: string;
  agentID?: string;
  suggestions?: PermissionUpdate[];
  blockedPath?: string;
  decisionReason?: string;
  title?: string;
  displayName?: string;
  description?: string;
}

/** Asks a person whether a tool may run, or what to answer to `AskUserQuestion`. */
export type CanUseTool = (
  toolName: string,
  input: Record<string, unknown>,
  context: PermissionContext,
) => Promise<PermissionResult>;

/** How a session's agent is to behave. What a client may choose of it is the host's decision. */
export interface SessionConfig {
  /** The model's name, or null for the agent's default. */
  model: string | null;
  permissionMode: PermissionMode;
  /** The agent's working directory, absolute. */
  cwd: string;
  /** True to send text and tool inputs while they stream. */
  includePartialMessages: boolean;
  /** How many steps of its own the agent may take before it stops. Without it, as many as it likes. */
  maxTurns?: number;
  /** How much the session may cost before the agent stops, in US dollars. Without it, any amount. */
  maxBudgetUsd?: number;
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

/** Everything an agent needs to know to start. */
export interface AgentStart extends SessionConfig {
  /** A UUID. The session and the agent's transcript share it. */
  sessionId: string;
  /** The id of the caller whose session it is; null for an agent that starts ahead of its session. */
  owner: string | null;
  /** True when this session had an agent before, whose conversation is to go on. */
  resume: boolean;
  canUseTool: CanUseTool;
  /** Where the agent's conversations are kept; without it, in the agent's own files. */
  transcripts?: SessionStore;
}

/** One message of a user, as it is handed to an agent. */
export interface AgentInput {
  /** A UUID. */
  messageId: string;
  content: UserContent;
}

/**
 * One running agent. The session that started it owns it and is the only one to call it.
 *
 * `messages` is read once, to its end. It ends when the agent is gone, and throws when the agent
 * could not start or died by itself. Where something fails here, the error's message is a sentence
 * for people, which subscribers are shown: no paths, no names of libraries, nothing secret.
 */
export interface AgentClient {
  readonly messages: AsyncIterable<SDKMessage>;
  /** Hands over one user message, which starts a turn. Called only between turns. */
  send(input: AgentInput): void;
  /** Aborts the running turn, which then ends with a `result` message. */
  interrupt(): Promise<void>;
  setModel(model: string | null): Promise<void>;
  setPermissionMode(mode: PermissionMode): Promise<void>;
  stopTask(taskId: string): Promise<void>;
  /**
   * Ends the agent and everything it started. Resolves when all of it is gone; may be called again.
   *
   * @param graceMs how long the agent may take to end by itself before it is made to
   */
  close(graceMs: number): Promise<void>;
}

/**
 * Starts an agent for a session, new or resumed. Returns at once: `messages`
 * reports a start that fails by throwing.
 */
export type SdkFactory = (start: AgentStart) => AgentClient;
