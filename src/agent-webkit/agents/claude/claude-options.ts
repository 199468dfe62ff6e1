import type { Options } from '@anthropic-ai/claude-agent-sdk';
import type { AgentStart } from '../../engine/agent-client.js';
import type { ModelCredentials } from '../../gateway/model/provider.js';
import { askingPeople } from './asking-people.js';
import type { TraceContext } from '../../engine/trace-context.js';
import { withGrants } from './granted-settings.js';
import { permissionContext } from './permission-context.js';
import { withServerDefaults } from './server-defaults.js';
import { thinkingOptions } from './thinking.js';

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
 *   Variables that turn off what Claude Code does by itself are added, such as
 *   `CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC` and `CLAUDE_CODE_DISABLE_AUTO_MEMORY`. Set one to `''` to
 *   turn the feature on.
 * - `disallowedTools`: extends the tools that no agent has, such as `SendMessage` and `CronCreate`. A tool
 *   that `allowedTools` or `tools` names is not denied.
 * - `settings`: an object, or the path of a file, which may be relative to the current directory of the
 *   server. In a sandbox, the file must not be in a folder that agents write. `crossSessionInbound: 'refuse'` and others are added,
 *   unless a field of the same name is set. `availableModels` gets the models that the session may use.
 * - `onElicitation`: @default asks the people of the session: `elicitation_request`. An MCP server that runs in
 *   the server's own process (`createSdkMcpServer`) cannot elicit: Claude Code does not support it.
 * - `supportedDialogKinds`: the kinds of dialogs that the clients of your sessions can show: `dialog_request`. Other dialogs
 *   are not sent. With `'refusal_fallback_prompt'` and the setting `switchModelsOnFlag: false`, the user
 *   decides if another model continues when one refuses. @default [] (none)
 * - `onUserDialog`: @default asks the people of the session: `dialog_request`
 * - `outputFormat`: @default the format of the message or of the session, which take precedence over it
 * - `forwardSubagentText`: publishes the text and the thinking of sub-agents, and not only their tool
 *   calls. @default true
 * - `mcpServersDelivery`: @default 'initialize', which keeps credentials of MCP servers off the agent's
 *   command line. Set `'argv'` for an older executable of Claude Code.
 * - `allowDangerouslySkipPermissions`: lets a session change to `bypassPermissions` while it runs.
 *   @default true for a session that starts in that mode, else false
 */
export interface ClaudeOverrides extends Omit<Options, ClaudeOwnedOption> {
  /**
   * Returns the headers with the credentials of each request to the model, for an agent in a sandbox. It
   * runs in the server.
   *
   * @default the credentials of `env`, or of the server's environment
   */
  modelCredentials?: ModelCredentials;
}

/** The overrides for all agents, or a function that returns those of one agent at each of its starts. */
export type ClaudeConfiguration =
  ClaudeOverrides | ((start: AgentStart) => ClaudeOverrides | Promise<ClaudeOverrides>);

/** An option of the SDK that its types do not have, and that an older Claude Code does not support. */
const SETTINGS_DELIVERY = { settingsDelivery: 'initialize' };

/** Returns the options of one agent, without those that are specific to one start of its process. */
export function claudeOptions(start: AgentStart, overrides: ClaudeOverrides): Options {
  const { modelCredentials: _, effort, thinking, maxThinkingTokens, ...given } = overrides;
  const { env, settings, disallowedTools } = withServerDefaults(overrides, start);
  const { grants, cwd } = start;
  return {
    settingSources: [],
    forwardSubagentText: true,
    // Else the command line has the servers' headers and variables, where all users of the machine can read them.
    mcpServersDelivery: 'initialize',
    // Likewise the settings, with the rules that the session was granted.
    ...(overrides.pathToClaudeCodeExecutable === undefined && SETTINGS_DELIVERY),
    // Else an interrupt of a turn also ends the tasks in the background. Clients stop one by `stop_task`.
    perTaskStopAffordance: true,
    // Batched entries are stored when the turn ends: until then, a server that is killed loses them.
    ...(start.transcripts && { sessionStore: start.transcripts, sessionStoreFlush: 'eager' }),
    ...(start.permissionMode === 'bypassPermissions' && { allowDangerouslySkipPermissions: true }),
    ...(start.askPeople && askingPeople(start.askPeople)),
    ...given,
    ...thinkingOptions(start, {
      ...(effort && { effort }),
      ...(thinking && { thinking }),
      ...(maxThinkingTokens !== undefined && { maxThinkingTokens }),
    }),
    env: start.trace ? { ...env, ...traceVariables(start.trace) } : env,
    disallowedTools,
    settings: grants ? withGrants(settings, grants) : settings,
    cwd,
    ...(start.model !== null && { model: start.model }),
    ...(start.maxTurns !== undefined && { maxTurns: start.maxTurns }),
    ...(start.maxBudgetUsd !== undefined && { maxBudgetUsd: start.maxBudgetUsd }),
    ...(start.outputFormat && { outputFormat: start.outputFormat }),
    permissionMode: start.permissionMode,
    includePartialMessages: start.includePartialMessages,
    canUseTool: (toolName, input, context) =>
      start.canUseTool(toolName, input, permissionContext(context)),
  };
}

/** Returns the variables by which the telemetry of Claude Code, and commands that support it, continue a trace. */
function traceVariables({ traceparent, tracestate }: TraceContext): Record<string, string> {
  return { TRACEPARENT: traceparent, ...(tracestate !== undefined && { TRACESTATE: tracestate }) };
}
