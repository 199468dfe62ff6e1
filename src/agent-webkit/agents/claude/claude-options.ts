import type { Options } from '@anthropic-ai/claude-agent-sdk';
import type { AgentStart, CanUseTool, PermissionContext } from '../../engine/agent-client.js';

/** The SDK's options that a session sets itself, and that a host therefore cannot set. */
export type ClaudeOwnedOption =
  | 'abortController'
  | 'canUseTool'
  | 'continue'
  | 'cwd'
  | 'forkSession'
  | 'includePartialMessages'
  | 'maxBudgetUsd'
  | 'maxTurns'
  | 'model'
  | 'permissionMode'
  | 'permissionPromptToolName'
  | 'permissionPrompts'
  | 'persistSession'
  | 'resume'
  | 'resumeDropsTurn'
  | 'resumeSessionAt'
  | 'sessionId'
  | 'spawnClaudeCodeProcess';

/**
 * The SDK's options that a host may set for its agents: MCP servers, hooks, a system prompt, tools,
 * a session store and so on. Differences from the SDK:
 *
 * - `settingSources`: the settings files that the agent reads. They may grant permissions and run
 *   commands, and the agent can write those of its project. Without `'project'`, the agent does not
 *   read CLAUDE.md either. @default [] (none)
 * - `env`: replaces the whole environment, as in the SDK. Variables whose names begin with
 *   `AGENT_WEBKIT_` never reach the agent. @default the server's environment
 *   Claude Code's auto memory is off, because all agents of one folder share it, whatever the owner of
 *   their session: set `CLAUDE_CODE_DISABLE_AUTO_MEMORY` to `0` here to turn it on.
 * - `disallowedTools`: extends the tools that no agent has, `SendMessage` and `ListAgents`.
 * - `settings`: an object gets `crossSessionInbound: 'refuse'` unless it sets that field, so that an agent
 *   accepts no messages of other agents on the machine. A path is passed on unchanged.
 * - `allowDangerouslySkipPermissions`: lets a session change to `bypassPermissions` while it runs.
 *   @default true for a session that starts in that mode, else false
 */
export type ClaudeOverrides = Omit<Options, ClaudeOwnedOption>;

/** The overrides for all agents, or a function that returns those of one agent at each of its starts. */
export type ClaudeConfiguration =
  ClaudeOverrides | ((start: AgentStart) => ClaudeOverrides | Promise<ClaudeOverrides>);

/** The tools by which an agent finds other agents of the machine and sends them messages, without a permission request. */
const CROSS_SESSION_TOOLS = ['SendMessage', 'ListAgents'];

/** Returns the options of one agent, without those that are specific to one start of its process. */
export function claudeOptions(start: AgentStart, overrides: ClaudeOverrides): Options {
  return {
    settingSources: [],
    ...(start.transcripts && { sessionStore: start.transcripts }),
    ...(start.permissionMode === 'bypassPermissions' && { allowDangerouslySkipPermissions: true }),
    ...overrides,
    ...isolation(overrides),
    cwd: start.cwd,
    ...(start.model !== null && { model: start.model }),
    ...(start.maxTurns !== undefined && { maxTurns: start.maxTurns }),
    ...(start.maxBudgetUsd !== undefined && { maxBudgetUsd: start.maxBudgetUsd }),
    permissionMode: start.permissionMode,
    includePartialMessages: start.includePartialMessages,
    canUseTool: (toolName, input, context) =>
      start.canUseTool(toolName, input, permissionContext(context)),
  };
}

/** Keeps the agents of different sessions apart, which Claude Code takes for agents of one person. */
function isolation({ env, settings, disallowedTools }: ClaudeOverrides): ClaudeOverrides {
  return {
    env: { CLAUDE_CODE_DISABLE_AUTO_MEMORY: '1', ...(env ?? process.env) },
    settings:
      typeof settings === 'string' ? settings : { crossSessionInbound: 'refuse', ...settings },
    disallowedTools: [...CROSS_SESSION_TOOLS, ...(disallowedTools ?? [])],
  };
}

/** Picks the fields of the port. Other fields that the SDK adds are not meant for clients. */
function permissionContext(context: PermissionContext): Parameters<CanUseTool>[2] {
  const { signal, toolUseID, agentID, suggestions, blockedPath } = context;
  const { decisionReason, title, displayName, description } = context;
  return {
    signal,
    toolUseID,
    ...(agentID !== undefined && { agentID }),
    ...(suggestions !== undefined && { suggestions }),
    ...(blockedPath !== undefined && { blockedPath }),
    ...(decisionReason !== undefined && { decisionReason }),
    ...(title !== undefined && { title }),
    ...(displayName !== undefined && { displayName }),
    ...(description !== undefined && { description }),
  };
}
