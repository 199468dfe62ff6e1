import { randomUUID } from 'node:crypto';
import type { PermissionMode, SDKMessage, SessionConfig } from '../../engine/agent-client.js';
import type { UserContent } from '../../protocol/events.js';

/** The name of the model when the session sets none. */
export const DEFAULT_MODEL = 'scripted';

/** A content block of an assistant message. */
export type Block =
  | { type: 'text'; text: string }
  | { type: 'tool_use'; id: string; name: string; input: Record<string, unknown> };

/** The common fields of all messages of one agent or sub-agent. */
export interface Origin {
  sessionId: string;
  /** The tool call that started the sub-agent; null for the agent itself. */
  parentToolUseId: string | null;
  model: string | null;
}

/** The reason for which a turn ended. */
export type Ending =
  | { kind: 'completed' }
  | { kind: 'interrupted' }
  | { kind: 'failed'; message: string }
  | { kind: 'crashed'; message: string }
  | { kind: 'closed' }
  /** The agent was stopped while its turn waits for people. A later one plays the turn again. */
  | { kind: 'parked' };

/** The facts of a finished turn for its `result`. */
export interface TurnSummary {
  ending: Ending;
  /** True when a tool was running, or was waiting for a permission, when the turn ended. */
  isInTool: boolean;
  said: readonly string[];
  durationMs: number;
  messageCount: number;
  sessionCostUsd: number;
  inputText: string;
  /** The structured output; undefined for none. */
  output: unknown;
}

/** Creates a unique id in the format of the Messages API: `msg_...`, `toolu_...`. */
export function createId(prefix: 'msg' | 'toolu' | 'agent'): string {
  return `${prefix}_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
}

/** Returns the text of a content without its images, with blocks joined by line breaks. */
export function textOf(content: UserContent): string {
  if (typeof content === 'string') return content;
  return content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');
}

/** The first message of every turn. */
export function initMessage(sessionId: string, config: SessionConfig): SDKMessage {
  return {
    type: 'system',
    subtype: 'init',
    apiKeySource: 'none',
    claude_code_version: 'scripted',
    cwd: config.cwd,
    tools: ['AskUserQuestion', 'Task'],
    mcp_servers: [],
    model: config.model ?? DEFAULT_MODEL,
    permissionMode: config.permissionMode,
    slash_commands: [],
    output_style: 'default',
    skills: [],
    plugins: [],
    uuid: randomUUID(),
    session_id: sessionId,
  };
}

/** The message for a change of the permission mode. */
export function modeMessage(sessionId: string, permissionMode: PermissionMode): SDKMessage {
  return {
    type: 'system',
    subtype: 'status',
    status: null,
    permissionMode,
    uuid: randomUUID(),
    session_id: sessionId,
  };
}

/** One finished block of a message. The blocks of a message share its id. */
export function assistantMessage(
  origin: Origin,
  messageId: string,
  block: Block,
  isAborted = false,
): SDKMessage {
  return fromAgent(origin, {
    type: 'assistant',
    message: { ...apiMessage(origin, messageId), content: [block] },
    ...(isAborted && { aborted: true }),
    timestamp: new Date().toISOString(),
  });
}

/** One stream event of a message, as the Messages API sends it. */
export function streamEvent(origin: Origin, event: Record<string, unknown>): SDKMessage {
  return fromAgent(origin, { type: 'stream_event', event });
}

/** The first stream event of a message. */
export function messageStart(origin: Origin, messageId: string): SDKMessage {
  return streamEvent(origin, { type: 'message_start', message: apiMessage(origin, messageId) });
}

/** The result of a tool call. */
export function toolResultMessage(
  origin: Origin,
  toolUseId: string,
  content: UserContent,
  isError: boolean,
): SDKMessage {
  return userMessage(origin, [
    {
      type: 'tool_result',
      tool_use_id: toolUseId,
      content,
      ...(isError && { is_error: true }),
    },
  ]);
}

/** A text in the role of the user, such as the task of a sub-agent. */
export function userTextMessage(origin: Origin, text: string): SDKMessage {
  return userMessage(origin, [{ type: 'text', text }]);
}

/** The last message of every turn. */
export function resultMessage(sessionId: string, summary: TurnSummary): SDKMessage {
  return {
    type: 'result',
    ...outcome(summary),
    duration_ms: summary.durationMs,
    duration_api_ms: 0,
    num_turns: Math.max(1, summary.messageCount),
    total_cost_usd: summary.sessionCostUsd,
    usage: usage(summary.inputText.length, summary.said.join('').length),
    modelUsage: {},
    permission_denials: [],
    uuid: randomUUID(),
    session_id: sessionId,
  } as unknown as SDKMessage;
}

function outcome({ ending, isInTool, said, output }: TurnSummary): Record<string, unknown> {
  if (ending.kind === 'completed') {
    return {
      subtype: 'success',
      is_error: false,
      result: said.at(-1) ?? '',
      stop_reason: 'end_turn',
      terminal_reason: 'completed',
      ...(output !== undefined && { structured_output: output }),
    };
  }
  const failure = { subtype: 'error_during_execution', is_error: true, stop_reason: null };
  return ending.kind === 'failed'
    ? { ...failure, errors: [ending.message] }
    : {
        ...failure,
        errors: [],
        terminal_reason: isInTool ? 'aborted_tools' : 'aborted_streaming',
      };
}

function userMessage(origin: Origin, content: Record<string, unknown>[]): SDKMessage {
  return fromAgent(origin, {
    type: 'user',
    message: { role: 'user', content },
    timestamp: new Date().toISOString(),
  });
}

function fromAgent(origin: Origin, message: Record<string, unknown>): SDKMessage {
  // The SDK's types also require fields such as container and diagnostics, which the real agent omits,
  // too.
  return {
    ...message,
    parent_tool_use_id: origin.parentToolUseId,
    session_id: origin.sessionId,
    uuid: randomUUID(),
  } as unknown as SDKMessage;
}

function apiMessage(origin: Origin, messageId: string): Record<string, unknown> {
  return {
    id: messageId,
    type: 'message',
    role: 'assistant',
    model: origin.model ?? DEFAULT_MODEL,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 0, output_tokens: 0 },
  };
}

/** Estimates the usage at four characters per token, so that a user interface has figures to show. */
function usage(inputLength: number, outputLength: number): Record<string, unknown> {
  return {
    input_tokens: Math.ceil(inputLength / 4),
    output_tokens: Math.ceil(outputLength / 4),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    server_tool_use: { web_search_requests: 0, web_fetch_requests: 0 },
    service_tier: 'standard',
  };
}
