import type { SDKMessage } from '../../src/agent-webkit/engine/agent-client.js';
import type { MessageKind } from '../../src/agent-webkit/engine/agent/translation/sdk-message.js';
import * as sdk from './sdk-messages.js';

const API_TEXT =
  'API Error: 529 Overloaded. If it persists, check your inference gateway (llm.internal:8443).';

function system(subtype: string, fields: Record<string, unknown> = {}): SDKMessage {
  return { type: 'system', subtype, session_id: 'sdk', uuid: 'uuid', ...fields } as never;
}

function plain(type: string, fields: Record<string, unknown> = {}): SDKMessage {
  return { type, session_id: 'sdk', uuid: 'uuid', parent_tool_use_id: null, ...fields } as never;
}

const retry = { attempt: 1, max_retries: 10, retry_delay_ms: 500 };
const tool = { tool_use_id: 'toolu_a', tool_name: 'Bash' };
const task = { task_id: 'task', tool_use_id: 'toolu_a', description: 'a task' };
const taskStarted = system('task_started', task);

/** A message that the agent's program writes in place of an answer of the model, after a failed request. */
export function apiError(error: string, text = API_TEXT): SDKMessage {
  const message = sdk.assistant([sdk.text(text)]) as Extract<SDKMessage, { type: 'assistant' }>;
  return { ...message, error, message: { ...message.message, model: '<synthetic>' } } as never;
}

export const apiRetry = (attempt: number, error = 'overloaded', error_status = 529): SDKMessage =>
  system('api_retry', { ...retry, attempt, error, error_status });

export const thinkingTokens = (estimated_tokens: number, estimated_tokens_delta = 1): SDKMessage =>
  system('thinking_tokens', { estimated_tokens, estimated_tokens_delta });

export const status = (fields: Record<string, unknown>): SDKMessage => system('status', fields);

export const compactBoundary = (): SDKMessage =>
  system('compact_boundary', {
    compact_metadata: { trigger: 'auto', pre_tokens: 900, post_tokens: 90, duration_ms: 7 },
  });

/** At least one message of each kind of the SDK, with the fields that its translation reads. */
export const SAMPLES: { readonly [Kind in MessageKind]: readonly SDKMessage[] } = {
  assistant: [sdk.assistant([sdk.text('hi'), sdk.toolUse('Bash', {})]), apiError('overloaded')],
  stream_event: [
    sdk.stream({ type: 'message_start', message: { id: 'msg_s' } }),
    sdk.stream({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: 'a' },
    }),
    sdk.stream({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'thinking_delta', thinking: 'hm' },
    }),
  ],
  user: [sdk.toolResult('toolu_a', 'output')],
  result: [sdk.result({ cost: 1 }), sdk.result({ subtype: 'error_max_turns', errors: ['Enough'] })],
  auth_status: [
    plain('auth_status', { isAuthenticating: true, output: [] }),
    plain('auth_status', { isAuthenticating: false, output: [], error: 'at https://login' }),
  ],
  conversation_reset: [plain('conversation_reset', { new_conversation_id: 'other' })],
  prompt_suggestion: [plain('prompt_suggestion', { suggestion: 'Run the tests' })],
  rate_limit_event: [
    plain('rate_limit_event', {
      rate_limit_info: { status: 'rejected', resetsAt: 1_800_000_000, rateLimitType: 'five_hour' },
    }),
    plain('rate_limit_event', { rate_limit_info: { status: 'allowed', utilization: 0.5 } }),
  ],
  tool_progress: [
    plain('tool_progress', { ...tool, elapsed_time_seconds: 30 }),
    plain('tool_progress', {
      ...tool,
      elapsed_time_seconds: 30,
      subagent_retry: { ...retry, agent_id: 'a', error_status: null, error_category: 'overloaded' },
    }),
  ],
  tool_use_summary: [
    plain('tool_use_summary', { summary: 'Read two files', preceding_tool_use_ids: ['toolu_a'] }),
  ],
  'system/api_retry': [apiRetry(1), apiRetry(2, 'authentication_failed', 401)],
  'system/background_tasks_changed': [taskStarted, sdk.backgroundTasks()],
  'system/commands_changed': [system('commands_changed', { commands: [] })],
  'system/compact_boundary': [compactBoundary()],
  'system/control_request_progress': [
    system('control_request_progress', { request_id: 'r', status: 'started' }),
  ],
  'system/elicitation_complete': [
    system('elicitation_complete', { mcp_server_name: 'crm', elicitation_id: 'e' }),
  ],
  'system/files_persisted': [system('files_persisted', { files: [], failed: [] })],
  'system/hook_progress': [system('hook_progress', { stdout: 'secret' })],
  'system/hook_response': [system('hook_response', { output: 'secret', outcome: 'success' })],
  'system/hook_started': [system('hook_started', { hook_name: 'hook' })],
  'system/informational': [
    system('informational', { content: 'Blocked by a hook.', level: 'warning' }),
  ],
  'system/init': [sdk.init([{ name: 'crm', status: 'connected' }])],
  'system/local_command_output': [system('local_command_output', { content: 'Output' })],
  'system/memory_recall': [system('memory_recall', { mode: 'select', memories: [] })],
  'system/mirror_error': [system('mirror_error', { error: 'at /var/lib/pg', key: {} })],
  'system/model_refusal_fallback': [
    system('model_refusal_fallback', { original_model: 'a', fallback_model: 'b' }),
  ],
  'system/model_refusal_no_fallback': [
    system('model_refusal_no_fallback', { original_model: 'a', api_refusal_category: 'bio' }),
  ],
  'system/notification': [
    system('notification', { key: 'k', text: 'A notice', priority: 'medium' }),
  ],
  'system/permission_denied': [
    system('permission_denied', {
      ...tool,
      decision_reason_type: 'rule',
      decision_reason: 'Bash(rm:*)',
      message: 'for the model',
    }),
  ],
  'system/plugin_install': [system('plugin_install', { status: 'started' })],
  'system/session_state_changed': [system('session_state_changed', { state: 'idle' })],
  'system/session_writes_lost': [
    system('session_writes_lost', { error_code: 'ENOSPC', lost: ['transcript'] }),
    system('session_writes_lost', { error_code: 'ENOSPC', lost: ['global_config'] }),
  ],
  'system/status': [
    status({ status: 'requesting' }),
    status({ status: 'compacting' }),
    status({ status: null, compact_result: 'failed', compact_error: API_TEXT }),
    status({ status: null, permissionMode: 'plan' }),
  ],
  'system/task_notification': [
    taskStarted,
    system('task_notification', { ...task, status: 'completed', output_file: '', summary: '' }),
  ],
  'system/task_progress': [
    taskStarted,
    system('task_progress', {
      ...task,
      usage: { total_tokens: 1, tool_uses: 1, duration_ms: 1 },
    }),
  ],
  'system/task_started': [taskStarted],
  'system/task_updated': [
    system('task_started', { ...task, is_backgrounded: false }),
    system('task_updated', { task_id: 'task', patch: { is_backgrounded: true } }),
  ],
  'system/thinking_tokens': [thinkingTokens(1), thinkingTokens(2)],
  'system/worker_shutting_down': [system('worker_shutting_down', { reason: 'host_exit' })],
};
