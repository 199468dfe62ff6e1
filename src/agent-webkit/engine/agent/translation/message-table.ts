import type { EventName } from '../../../protocol/events.js';
import type { MessageKind } from './sdk-message.js';

/** The use of a kind of message: the events that it can be translated to, and the reason if that is not plain. */
export interface MessageUse {
  readonly events: readonly EventName[];
  readonly why?: string;
}

const to = (...events: EventName[]): MessageUse => ({ events });
const nothing = (why: string): MessageUse => ({ events: [], why });

/**
 * All kinds of messages of the SDK, and their events. A kind that an update of the SDK adds does not
 * compile until it is here and has a translation. `docs/sdk-messages.md` shows this table to people.
 */
export const MESSAGE_TABLE = {
  assistant: to('message_complete', 'tool_use', 'error'),
  stream_event: to('message_delta', 'thinking_delta'),
  user: { events: ['tool_result'], why: 'The rest repeats the user or addresses the model.' },
  result: to('result', 'compaction_end'),
  auth_status: to('auth_status', 'error'),
  conversation_reset: nothing(
    'The event of that name comes with the first message that has the new id.',
  ),
  prompt_suggestion: to('prompt_suggestion'),
  rate_limit_event: to('rate_limit'),
  tool_progress: to('tool_progress', 'api_retry'),
  tool_use_summary: to('tool_use_summary'),
  'system/api_retry': to('api_retry', 'error'),
  'system/background_tasks_changed': {
    events: ['task_ended'],
    why: 'Also keeps the agent running while tasks run.',
  },
  'system/commands_changed': nothing('The host lists the commands that clients may send.'),
  'system/compact_boundary': to('compaction_start', 'compaction_end'),
  'system/control_request_progress': nothing('It belongs to a request of the server itself.'),
  'system/elicitation_complete': to('elicitation_complete'),
  'system/files_persisted': nothing('Only hosted sessions send it.'),
  'system/hook_progress': nothing('The output of hooks is for the host.'),
  'system/hook_response': nothing('The output of hooks is for the host.'),
  'system/hook_started': nothing('The output of hooks is for the host.'),
  'system/informational': to('notification'),
  'system/init': {
    events: ['mcp_status_change'],
    why: 'The session takes its permission mode: `permission_mode_changed`.',
  },
  'system/local_command_output': to('notification'),
  'system/memory_recall': nothing('It contains paths and files of the server.'),
  'system/mirror_error': to('error'),
  'system/model_refusal_fallback': to('model_refusal'),
  'system/model_refusal_no_fallback': to('model_refusal'),
  'system/notification': to('notification'),
  'system/permission_denied': to('permission_denied'),
  'system/plugin_install': nothing('Plugins are for the host.'),
  'system/session_state_changed': nothing('`turn_start` and `result` state the same.'),
  'system/session_writes_lost': to('error'),
  'system/status': {
    events: ['compaction_start', 'compaction_end'],
    why: 'The session takes its permission mode: `permission_mode_changed`.',
  },
  'system/task_notification': to('task_ended'),
  'system/task_progress': to('task_progress'),
  'system/task_started': to('task_started'),
  'system/task_updated': to('task_progress'),
  'system/thinking_tokens': to('thinking_progress'),
  'system/worker_shutting_down': nothing('Only remote control sends it.'),
} as const satisfies Record<MessageKind, MessageUse>;
