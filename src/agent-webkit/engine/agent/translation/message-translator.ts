import type { WireEvent } from '../../../protocol/events.js';
import type { McpServerState, SDKMessage } from '../../agent-client.js';
import { ApiErrors } from './api-errors.js';
import { AssistantMessages } from './assistant-messages.js';
import { Compaction } from './compaction.js';
import { McpStatus } from './mcp-status.js';
import { NoticeLimit } from './notice-limit.js';
import { Notices } from './notices.js';
import { kindOf, type MessageKind, type MessageOf } from './sdk-message.js';
import { TaskMessages } from './task-messages.js';
import { toolResults } from './tool-results.js';
import { TurnResults } from './turn-result.js';

type Translations = { [Kind in MessageKind]: (message: MessageOf<Kind>) => WireEvent[] };

/** The translation of a message that becomes no event. `message-table.ts` has the reasons. */
const none = (): WireEvent[] => [];

/**
 * Translates the messages of one agent to wire events. The compiler requires a translation for each
 * kind of message of the SDK. A message of a kind that the SDK's types do not have is translated to no
 * event.
 */
export class MessageTranslator {
  readonly #limit = new NoticeLimit();
  readonly #mcp = new McpStatus();
  readonly #translations: Translations;

  /** @param costUsd the cost of the session before this agent was started */
  constructor(sessionId: string, costUsd: number) {
    const messages = new AssistantMessages();
    const apiErrors = new ApiErrors();
    const compaction = new Compaction();
    const notices = new Notices();
    const results = new TurnResults(sessionId, costUsd);
    const tasks = new TaskMessages();
    const endTurn = (message: MessageOf<'result'>): WireEvent[] => {
      const result = results.translate(message, apiErrors.sentence);
      const ends = [...messages.endTurn(), ...compaction.endTurn()];
      apiErrors.endTurn();
      notices.endTurn();
      return [...ends, result];
    };
    this.#translations = {
      assistant: (message) => [
        ...messages.complete(apiErrors.clean(message)),
        ...apiErrors.report(message),
      ],
      stream_event: (message) => messages.delta(message),
      user: toolResults,
      result: endTurn,
      auth_status: (message) => notices.authStatus(message),
      conversation_reset: none,
      prompt_suggestion: (message) => notices.promptSuggestion(message),
      rate_limit_event: (message) => notices.rateLimit(message),
      tool_progress: (message) =>
        message.subagent_retry === undefined
          ? notices.toolProgress(message)
          : apiErrors.subAgentRetry(message, message.subagent_retry),
      tool_use_summary: (message) => notices.toolUseSummary(message),
      'system/init': (message) => this.mcpChanges(message.mcp_servers),
      'system/api_retry': (message) => apiErrors.retry(message),
      'system/background_tasks_changed': (message) => tasks.listed(message),
      'system/commands_changed': none,
      'system/compact_boundary': (message) => compaction.boundary(message),
      'system/control_request_progress': none,
      'system/elicitation_complete': (message) => notices.elicitationComplete(message),
      'system/files_persisted': none,
      'system/hook_progress': none,
      'system/hook_response': none,
      'system/hook_started': none,
      'system/informational': (message) => notices.informational(message),
      'system/local_command_output': (message) => notices.commandOutput(message),
      'system/memory_recall': none,
      'system/mirror_error': () => notices.mirrorError(),
      'system/model_refusal_fallback': (message) => notices.refusal(message),
      'system/model_refusal_no_fallback': (message) => notices.refusal(message),
      'system/notification': (message) => notices.notification(message),
      'system/permission_denied': (message) => notices.permissionDenied(message),
      'system/plugin_install': none,
      'system/session_state_changed': none,
      'system/session_writes_lost': (message) => notices.writesLost(message),
      'system/status': (message) => compaction.status(message),
      'system/task_notification': (message) => tasks.ended(message),
      'system/task_progress': (message) => tasks.progress(message),
      'system/task_started': (message) => tasks.started(message),
      'system/task_updated': (message) => tasks.updated(message),
      'system/thinking_tokens': (message) => notices.thinking(message),
      'system/worker_shutting_down': none,
    };
  }

  /** Returns the events about the servers whose status has changed since it was last given. */
  mcpChanges(servers: readonly McpServerState[]): WireEvent[] {
    return this.#mcp.changes(servers);
  }

  translate(message: SDKMessage): WireEvent[] {
    const kind = kindOf(message);
    if (!Object.hasOwn(this.#translations, kind)) return [];
    // The table has the translation of each kind under its name, which the compiler cannot follow.
    const translate = this.#translations[kind as MessageKind] as (of: SDKMessage) => WireEvent[];
    const events = this.#limit.limit(translate(message));
    if (message.type === 'result') this.#limit.endTurn();
    return events;
  }
}
