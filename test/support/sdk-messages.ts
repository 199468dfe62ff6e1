import { randomUUID } from 'node:crypto';
import type { SDKMessage } from '../../src/agent-webkit/engine/agent-client.js';

/** Builders of SDK messages with the relevant fields. */

let count = 0;
const next = (prefix: string) => `${prefix}_${(count += 1)}`;

type Block = Record<string, unknown>;

function message(fields: Record<string, unknown>): SDKMessage {
  return {
    session_id: 'sdk',
    uuid: randomUUID(),
    parent_tool_use_id: null,
    ...fields,
  } as SDKMessage;
}

export const init = (mcp_servers: { name: string; status: string }[] = []): SDKMessage =>
  message({ type: 'system', subtype: 'init', mcp_servers });

/** One assistant message, of which the SDK sends one per content block. */
export const assistant = (
  content: Block[],
  { id = next('msg'), parent = null as string | null } = {},
): SDKMessage =>
  message({
    type: 'assistant',
    parent_tool_use_id: parent,
    message: { id, type: 'message', role: 'assistant', model: 'test', content, stop_reason: null },
  });

export const text = (value: string): Block => ({ type: 'text', text: value });

export const toolUse = (name: string, input: unknown, id = next('toolu')): Block => ({
  type: 'tool_use',
  id,
  name,
  input,
});

export const toolResult = (tool_use_id: string, content: unknown, is_error?: boolean): SDKMessage =>
  message({
    type: 'user',
    message: {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id,
          content,
          ...(is_error === undefined ? {} : { is_error }),
        },
      ],
    },
  });

export const stream = (event: Record<string, unknown>, parent: string | null = null): SDKMessage =>
  message({ type: 'stream_event', event, parent_tool_use_id: parent });

export const result = ({
  cost = 0,
  subtype = 'success',
  errors = [] as string[],
} = {}): SDKMessage =>
  message({
    type: 'result',
    subtype,
    is_error: subtype !== 'success',
    total_cost_usd: cost,
    duration_ms: 1,
    num_turns: 1,
    usage: { input_tokens: 1, output_tokens: 1 },
    ...(subtype === 'success' ? { result: '' } : { errors }),
  });

/** The start of a new conversation, as after `/clear`. */
export const conversationReset = (): SDKMessage =>
  message({ type: 'conversation_reset', new_conversation_id: randomUUID() });

/** The agent's report of a change of its permission mode. */
export const modeStatus = (permissionMode: string): SDKMessage =>
  message({ type: 'system', subtype: 'status', status: null, permissionMode });

/** The running background tasks. */
export const backgroundTasks = (...task_ids: string[]): SDKMessage =>
  message({
    type: 'system',
    subtype: 'background_tasks_changed',
    tasks: task_ids.map((task_id) => ({ task_id, task_type: 'local_bash', description: '' })),
  });

const task = (subtype: string, task_id: string, fields: object): SDKMessage =>
  message({
    type: 'system',
    subtype,
    task_id,
    tool_use_id: `toolu_${task_id}`,
    description: 'test',
    ...fields,
  });

export const taskStarted = (task_id: string, fields: object = {}): SDKMessage =>
  task('task_started', task_id, { task_type: 'local_bash', is_backgrounded: true, ...fields });

export const taskProgress = (task_id: string): SDKMessage =>
  task('task_progress', task_id, {
    usage: { total_tokens: 1, tool_uses: 1, duration_ms: 1 },
    last_tool_name: 'Bash',
  });

export const taskEnded = (task_id: string, fields: object = {}): SDKMessage =>
  task('task_notification', task_id, { status: 'completed', summary: 'done', ...fields });
