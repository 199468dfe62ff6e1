import type { InboundMessage } from '../../protocol/inbound.js';
import type { Caller } from '../caller.js';
import type { SessionParts } from './session-parts.js';

/**
 * Passes a client's message to the part of the session that is responsible for it. Resolves when the
 * message cannot be lost any more.
 */
export async function acceptMessage(
  { activity, gate, mcpServers, queue, requests, settings, tasks }: SessionParts,
  message: InboundMessage,
  by: Caller,
  idempotencyKey: string | undefined,
  assertAccepted: () => void,
): Promise<void> {
  switch (message.type) {
    case 'user_message':
      activity.stopTimers();
      await queue
        .accept(message, by, idempotencyKey, assertAccepted)
        .finally(() => activity.update());
      gate.startNextTurn();
      return settings.recordActivity();
    case 'interrupt':
      return gate.interrupt();
    case 'permission_response':
    case 'question_response':
    case 'elicitation_response':
    case 'dialog_response':
    case 'hook_decision_response':
      settings.checkReply(message);
      await requests.reply(message, by);
      await settings.applyReply(message);
      return settings.recordActivity();
    case 'set_permission_mode':
      return settings.setPermissionMode(message.mode);
    case 'set_model':
      return settings.setModel(message.model);
    case 'set_effort':
      return settings.setEffort(message.effort);
    case 'set_max_thinking_tokens':
      return settings.setMaxThinkingTokens(message.max_thinking_tokens);
    case 'mcp_reconnect':
      return mcpServers.reconnect(message.server);
    case 'mcp_toggle':
      return mcpServers.toggle(message.server, message.enabled);
    case 'stop_task':
      return tasks.stop(message.task_id);
    default:
      message satisfies never;
  }
}
