import type { DeliveredEvent } from '../../../src/agent-webkit/protocol/events.js';
import { addActivity, timeOf } from './activity.js';
import { addDelta, emptyTool, readBlock, readModel } from './blocks.js';
import type { Conversation } from './conversation.js';
import {
  approve,
  ask,
  changeMessage,
  changeTool,
  deliverMessage,
  type Draft,
  editQueued,
  endTurn,
  escalate,
  note,
  replaceFrom,
  resolve,
  startTurn,
  takeQueued,
} from './draft.js';
import { describeNotice } from './notices.js';
import { addTaskEvent, describeTaskEnd } from './tasks.js';

/**
 * Returns the conversation after further events. Events that are included already are skipped, so
 * batches may have any size and may overlap after a reconnect.
 */
export function addEvents(
  conversation: Conversation,
  events: readonly DeliveredEvent[],
): Conversation {
  const news = events.filter((event) => event.id > conversation.lastId);
  if (news.length === 0) return conversation;
  const draft: Draft = { ...conversation, items: [...conversation.items] };
  for (const event of news) {
    if (event.id <= draft.lastId) continue;
    if (draft.lastId === 0 && event.id > 1) draft.lacksBeginning = true;
    draft.lastId = event.id;
    draft.lastAt = timeOf(event);
    addEvent(draft, event);
    draft.waitingSince = draft.requests.length === 0 ? null : (draft.waitingSince ?? draft.lastAt);
  }
  return draft;
}

function addEvent(draft: Draft, event: DeliveredEvent): void {
  const key = `event-${event.id}`;
  draft.activity = addActivity(draft.activity, event);
  const notice = describeNotice(event) ?? describeTaskEnd(draft.tasks, event);
  draft.tasks = addTaskEvent(draft.tasks, event);
  if (notice !== null) note(draft, key, notice);
  switch (event.event) {
    case 'user_message': {
      const { message_id: messageId, content } = event.data;
      draft.queue = [...draft.queue, { messageId, content }];
      return;
    }
    case 'message_edited':
      editQueued(draft, event.data.message_id, event.data.content);
      return;
    case 'message_withdrawn':
      takeQueued(draft, event.data.message_id);
      return;
    case 'message_delivered':
      deliverMessage(draft, event.data.message_id);
      return;
    case 'turn_start':
      startTurn(draft, event.data.message_id);
      return;
    case 'message_delta': {
      const { message_id: id, delta } = event.data;
      changeMessage(draft, id, event.data.parent_tool_use_id, (message) => ({
        blocks: addDelta(message.blocks, message.settled, delta),
        isStreaming: true,
      }));
      return;
    }
    case 'message_complete': {
      const { message_id: id, message } = event.data;
      if (event.data.parent_tool_use_id === undefined)
        draft.model = readModel(message.model, draft.model);
      changeMessage(draft, id, event.data.parent_tool_use_id, ({ blocks }) => ({
        blocks: message.content.map((block) => readBlock(block, blocks)),
        settled: message.content.length,
        isStreaming: false,
      }));
      return;
    }
    case 'tool_use': {
      const { tool_use_id: id, tool_name: name, input, message_id: message } = event.data;
      if (changeTool(draft, id, { input })) return;
      changeMessage(draft, message, event.data.parent_tool_use_id, ({ blocks, settled }) => ({
        blocks: [...blocks, { ...emptyTool(id, name), input }],
        settled: settled + 1,
      }));
      return;
    }
    case 'tool_result': {
      const { tool_use_id: id, output, is_error: isError, parent_tool_use_id: parent } = event.data;
      const result = { output, isError };
      if (changeTool(draft, id, { result })) return;
      const blocks = [{ ...emptyTool(id, 'Tool'), result }];
      changeMessage(draft, key, parent, () => ({ blocks, settled: 1 }));
      return;
    }
    case 'permission_request':
      ask(draft, { kind: 'permission', ...event.data });
      return;
    case 'ask_user_question':
      ask(draft, { kind: 'question', ...event.data });
      return;
    case 'elicitation_request':
      ask(draft, { kind: 'elicitation', ...event.data });
      return;
    case 'dialog_request':
      ask(draft, { kind: 'dialog', ...event.data });
      return;
    case 'hook_decision_request':
      ask(draft, { kind: 'hook', ...event.data });
      return;
    case 'request_approved':
      approve(draft, event.data);
      return;
    case 'request_escalated':
      escalate(draft, event.data);
      return;
    case 'request_resolved':
      resolve(draft, event.data);
      return;
    case 'result':
      endTurn(draft, event.data.session_cost_usd);
      draft.items.push({
        kind: 'result',
        key,
        at: draft.lastAt,
        model: draft.model,
        ...event.data,
      });
      return;
    case 'error':
      draft.items.push({ kind: 'error', key, at: draft.lastAt, ...event.data });
      return;
    case 'mcp_status_change':
      if (event.data.status !== 'pending')
        note(draft, key, `MCP server ${event.data.server_name}: ${event.data.status}`);
      return;
    case 'permission_mode_changed':
      note(draft, key, `Permission mode: ${event.data.permission_mode}`);
      return;
    case 'effort_changed':
      note(draft, key, `Effort: ${event.data.effort ?? 'default'}`);
      return;
    case 'session_state':
      draft.isDormant = event.data.state === 'dormant';
      if (draft.isDormant) endTurn(draft, draft.costUsd);
      note(
        draft,
        key,
        draft.isDormant ? 'The agent is dormant. Send a message to resume.' : 'The agent resumed.',
      );
      return;
    case 'conversation_rewound':
      replaceFrom(draft, event.data.message_id);
      return;
    case 'conversation_reset':
      note(draft, key, 'The conversation was cleared.');
      return;
    case 'done':
      endTurn(draft, draft.costUsd);
      draft.requests = [];
      draft.isClosed = true;
      note(draft, key, 'The session has ended.');
      return;
    case 'session_ready':
    case 'session_changed':
    case 'members_changed':
    case 'task_started':
    case 'task_progress':
    case 'task_ended':
    case 'turn_waiting':
    case 'request_delivered':
    case 'api_retry':
    case 'rate_limit':
    case 'auth_status':
    case 'compaction_start':
    case 'compaction_end':
    case 'thinking_delta':
    case 'thinking_progress':
    case 'tool_progress':
    case 'tool_use_summary':
    case 'permission_denied':
    case 'prompt_suggestion':
    case 'notification':
    case 'model_refusal':
    case 'elicitation_complete':
      return;
    default:
      // An event of a newer server: only the event log shows it.
      event satisfies never;
  }
}
