import { randomUUID } from 'node:crypto';
import type { SDKMessage, SessionConfig } from '../../engine/agent-client.js';
import type { UserContent } from '../../protocol/events.js';

/** The model's name when the session asks for none. */
const DEFAULT_MODEL = 'scripted';

/** A content block of an assistant's message. */
export type Block =
  | { type: 'text'; text: string }
  | { type: 'tool_use'; id: string; name: string; input: Record<string, unknown> };

/** What every message of one speaker has in common. */
export interface Origin {
  sessionId: string;
  /** The tool call that started the sub-agent which speaks; null for the agent itself. */
  parentToolUseId: string | null;
  model: string | null;
}

/** Why a turn is over. */
export type Ending =
  | { kind: 'completed' }
  | { kind: 'interrupted' }
  | { kind: 'failed'; message: string }
  | { kind: 'crashed'; message: string }
  | { kind: 'closed' };

/** How a turn ended, and what it took. */
export interface TurnSummary {
  ending: Ending;
  /** Whether a tool was running, or waiting for its permission, when the turn ended. */
  isInTool: boolean;
  said: readonly string[];
  durationMs: number;
  messageCount: number;
  sessionCostUsd: number;
  inputText: string;
}

/** A unique id as the Messages API makes them: `msg_...`, `toolu_...`. */
export function createId(prefix: 'msg' | 'toolu' | 'agent'): string {
  return `${prefix}_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
}

/** The text of a content without its images, blocks joined by line breaks. */
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

/** One finished block of a message; several blocks share the message's id. */
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

/** One event of a message's stream, as the Messages API sends them. */
export function streamEvent(origin: Origin, event: Record<string, unknown>): SDKMessage {
  return fromAgent(origin, { type: 'stream_event', event });
}

/** The `message_start` event, which opens a message's stream. */
export function messageStart(origin: Origin, messageId: string): SDKMessage {
  return streamEvent(origin, { type: 'message_start', message: apiMessage(origin, messageId) });
}

/** What a tool gave back. */
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

/** A note in the user's name, such as the task of a sub-agent. */
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

function outcome({ ending, isInTool, said }: TurnSummary): Record<string, unknown> {
  if (ending.kind === 'completed') {
    return {
      subtype: 'success',
      is_error: false,
      result: said.at(-1) ?? '',
      stop_reason: 'end_turn',
      terminal_reason: 'completed',
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
  // The SDK's types also want what no reader of a transcript looks at, such as container and
  // diagnostics; the real agent leaves them out, too.
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

/** A guess at four characters a token, so that a usage display has something to show. */
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
