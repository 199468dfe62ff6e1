import type { WireEvent } from '../../../protocol/events.js';
import type { SDKMessage } from '../../agent-client.js';
import { AssistantMessages } from './assistant-messages.js';
import { McpStatus } from './mcp-status.js';
import { kindOf, type MessageKind, type MessageOf } from './sdk-message.js';
import { toolResults } from './tool-results.js';
import { TurnResults } from './turn-result.js';

type Translations = { [Kind in MessageKind]: (message: MessageOf<Kind>) => WireEvent[] };

/** The translation of a message that no client needs. */
const none = (): WireEvent[] => [];

/**
 * Translates the messages of one agent to wire events. The compiler requires a translation for each
 * kind of message of the SDK. A message of a kind that the SDK's types do not have is translated to no
 * event.
 */
export class MessageTranslator {
  readonly #translations: Translations;

  /** @param costUsd the cost of the session before this agent was started */
  constructor(sessionId: string, costUsd: number) {
    const messages = new AssistantMessages();
    const results = new TurnResults(sessionId, costUsd);
    const mcp = new McpStatus();
    this.#translations = {
      assistant: (message) => messages.complete(message),
      stream_event: (message) => messages.delta(message),
      user: toolResults,
      result: (message) => [...messages.endTurn(), results.translate(message)],
      auth_status: none,
      conversation_reset: none,
      prompt_suggestion: none,
      rate_limit_event: none,
      tool_progress: none,
      tool_use_summary: none,
      'system/init': (message) => mcp.changes(message.mcp_servers),
      'system/api_retry': none,
      'system/background_tasks_changed': none,
      'system/commands_changed': none,
      'system/compact_boundary': none,
      'system/control_request_progress': none,
      'system/elicitation_complete': none,
      'system/files_persisted': none,
      'system/hook_progress': none,
      'system/hook_response': none,
      'system/hook_started': none,
      'system/informational': none,
      'system/local_command_output': none,
      'system/memory_recall': none,
      'system/mirror_error': none,
      'system/model_refusal_fallback': none,
      'system/model_refusal_no_fallback': none,
      'system/notification': none,
      'system/permission_denied': none,
      'system/plugin_install': none,
      'system/session_state_changed': none,
      'system/session_writes_lost': none,
      'system/status': none,
      'system/task_notification': none,
      'system/task_progress': none,
      'system/task_started': none,
      'system/task_updated': none,
      'system/thinking_tokens': none,
      'system/worker_shutting_down': none,
    };
  }

  translate(message: SDKMessage): WireEvent[] {
    const kind = kindOf(message);
    if (!Object.hasOwn(this.#translations, kind)) return [];
    // The table has the translation of each kind under its name, which the compiler cannot follow.
    const translate = this.#translations[kind as MessageKind] as (of: SDKMessage) => WireEvent[];
    return translate(message);
  }
}
