import type { Options, Settings } from '@anthropic-ai/claude-agent-sdk';
import type { AgentStart } from '../../engine/agent-client.js';
import { readSettings } from './settings-file.js';

/** The SDK's options whose defaults are made for one person on one machine, and changed here. */
type SharedOptions = Pick<
  Options,
  'allowedTools' | 'disallowedTools' | 'env' | 'settings' | 'tools'
>;

/** The same options, all set. The name keeps the SDK's long types out of the package's declarations. */
interface ServerDefaults extends Required<Pick<Options, 'disallowedTools' | 'env'>> {
  settings: Settings;
}

/** Turns off what an agent of Claude Code does by itself. `docs/claude-code.md` has the reasons. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  // Read into a prompt what no tool call has read.
  CLAUDE_CODE_DISABLE_AUTO_MEMORY: '1',
  CLAUDE_CODE_DISABLE_FILE_MENTIONS: '1',
  // Contact other servers than the model's: telemetry, error reports, updates, feature flags, feedback.
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  // Install or connect what no host has configured.
  CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: '1',
  ENABLE_CLAUDEAI_MCP_SERVERS: 'false',
  CLAUDE_CODE_AUTO_CONNECT_IDE: 'false',
  // Change the settings of Claude Code, read the transcripts of all sessions, or start background processes.
  CLAUDE_CODE_DISABLE_BUNDLED_SKILLS: '1',
  DISABLE_DOCTOR_COMMAND: '1',
  CLAUDE_CODE_DISABLE_AGENT_VIEW: '1',
};

const SETTINGS = {
  crossSessionInbound: 'refuse',
  disableRemoteControl: true,
  autoUploadSessions: false,
  idleCompaction: false,
} as const;

/**
 * Claude Code asks `api.anthropic.com` about a host before it fetches a page of it. That server cannot be
 * reached inside walls, which decide about hosts themselves.
 */
const WALLED_SETTINGS = { skipWebFetchPreflight: true } as const;

/**
 * The commands that Claude Code runs without a permission request, and that show the processes of other
 * sessions: their ids, folders and granted rules are in the command lines of their agents.
 */
const ASKED_COMMANDS = ['ps', 'pgrep', 'lsof'].map((command) => `Bash(${command}:*)`);

/** Built-in plugins that change Claude Code itself. */
const PLUGINS = { 'cc-plugin-plugin-authoring@builtin': false };

/** The tools that no agent has unless the host names them. */
const DENIED_TOOLS: readonly string[] = [
  // Find other agents of the machine, and send them messages without a permission request.
  'ListAgents',
  'SendMessage',
  // Set timers that end with the agent's process.
  'CronCreate',
  'CronDelete',
  'CronList',
  'ScheduleWakeup',
  // Start dozens of agents.
  'Workflow',
  // Move the agent to another folder than that of its session.
  'EnterWorktree',
  'ExitWorktree',
  // Act on the claude.ai account of the server.
  'Artifact',
  'ClaudeDesign',
  'DesignSync',
  'Projects',
  'PushNotification',
  'ReadNotifications',
  'RemoteTrigger',
  'SendFeedback',
  // Serve a user interface that is not there.
  'Agent(statusline-setup)',
  'ReportFindings',
];

/** Returns the options of a host, with the defaults that a server with several users needs. */
export function withServerDefaults(
  { env, settings, disallowedTools = [], allowedTools = [], tools }: SharedOptions,
  start: Pick<AgentStart, 'model' | 'models' | 'folders' | 'walls' | 'awaited'>,
): ServerDefaults {
  const { model, models, folders, walls, awaited } = start;
  const named = new Set([...allowedTools, ...(Array.isArray(tools) ? tools : [])]);
  const own = readSettings(settings);
  const memory = folders?.memory ?? null;
  return {
    env: {
      ...ENVIRONMENT,
      // Else an agent that resumes could run a call that an earlier one was to ask for again.
      ...(!awaited && { CLAUDE_CODE_DISABLE_DEFERRED_TOOL_RESUME: '1' }),
      ...(memory !== null && { CLAUDE_CODE_DISABLE_AUTO_MEMORY: '' }),
      ...(env ?? process.env),
    },
    settings: {
      ...SETTINGS,
      ...(walls && WALLED_SETTINGS),
      ...(memory !== null && { autoMemoryDirectory: memory }),
      // The model of a sub-agent is chosen by the agent, without a permission request.
      ...(models && { availableModels: [...models, ...(model === null ? [] : [model])] }),
      ...own,
      enabledPlugins: { ...PLUGINS, ...own.enabledPlugins },
      permissions: {
        ...own.permissions,
        ask: [...ASKED_COMMANDS, ...(own.permissions?.ask ?? [])],
      },
    },
    disallowedTools: [...DENIED_TOOLS.filter((tool) => !named.has(tool)), ...disallowedTools],
  };
}
