import type {
  DeliveredEvent,
  EventPayloads,
  UserContent,
} from '../../../src/agent-webkit/protocol/events.js';
import { describeActivity, describeNotice } from './notices.js';
import { addTaskEvent, describeTaskEnd, type Task } from './tasks.js';
import { addDelta, type Block, emptyTool, readBlock, type ToolBlock } from './blocks.js';

export interface QueuedMessage {
  readonly messageId: string;
  readonly content: UserContent;
}

/** A request that waits for the user. */
export type OpenRequest =
  | ({ readonly kind: 'permission' } & EventPayloads['permission_request'])
  | ({ readonly kind: 'question' } & EventPayloads['ask_user_question']);

export interface AgentMessage {
  readonly kind: 'agent';
  readonly key: string;
  readonly blocks: readonly Block[];
  /** The number of complete blocks, counted from the first. */
  readonly settled: number;
  readonly isStreaming: boolean;
  /** The tool call of the sub-agent that wrote this; null for the agent itself. */
  readonly parent: string | null;
}

/** An entry of the conversation. Entries are added and replaced, never moved or removed. */
export type Item =
  | { readonly kind: 'user'; readonly key: string; readonly content: UserContent }
  | AgentMessage
  | ({ readonly kind: 'result'; readonly key: string } & EventPayloads['result'])
  | ({ readonly kind: 'error'; readonly key: string } & EventPayloads['error'])
  | { readonly kind: 'note'; readonly key: string; readonly text: string };

/** The visible state of a session. */
export interface Conversation {
  /** The id of the last event that is included. */
  readonly lastId: number;
  readonly items: readonly Item[];
  /** The queued messages. */
  readonly queue: readonly QueuedMessage[];
  readonly requests: readonly OpenRequest[];
  readonly isRunning: boolean;
  /** A sentence about the present work or wait of the agent; null if there is none. */
  readonly activity: string | null;
  readonly tasks: readonly Task[];
  readonly isDormant: boolean;
  readonly isClosed: boolean;
  readonly costUsd: number;
  /** True when the server no longer has the first events. */
  readonly lacksBeginning: boolean;
}

export const emptyConversation: Conversation = {
  lastId: 0,
  items: [],
  queue: [],
  requests: [],
  isRunning: false,
  activity: null,
  tasks: [],
  isDormant: false,
  isClosed: false,
  costUsd: 0,
  lacksBeginning: false,
};

type Draft = { -readonly [Key in keyof Conversation]: Conversation[Key] } & { items: Item[] };

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
    addEvent(draft, event);
  }
  return draft;
}

function addEvent(draft: Draft, event: DeliveredEvent): void {
  const key = `event-${event.id}`;
  draft.activity = describeActivity(event);
  const notice = describeNotice(event) ?? describeTaskEnd(draft.tasks, event);
  draft.tasks = addTaskEvent(draft.tasks, event);
  if (notice !== null) note(draft, key, notice);
  switch (event.event) {
    case 'user_message': {
      const { message_id: messageId, content } = event.data;
      draft.queue = [...draft.queue, { messageId, content }];
      return;
    }
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
    case 'request_resolved':
      resolve(draft, event.data);
      return;
    case 'result':
      endTurn(draft, event.data.session_cost_usd);
      draft.items.push({ kind: 'result', key, ...event.data });
      return;
    case 'error':
      draft.items.push({ kind: 'error', key, ...event.data });
      return;
    case 'mcp_status_change':
      note(draft, key, `MCP server ${event.data.server_name}: ${event.data.status}`);
      return;
    case 'permission_mode_changed':
      note(draft, key, `Permission mode: ${event.data.permission_mode}`);
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
    case 'task_started':
    case 'task_progress':
    case 'task_ended':
    case 'hook_decision_request':
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
      return;
    default:
      // An event of a newer server: only the event log shows it.
      event satisfies never;
  }
}

function startTurn(draft: Draft, messageId: string): void {
  const message = draft.queue.find((waiting) => waiting.messageId === messageId);
  draft.queue = draft.queue.filter((waiting) => waiting !== message);
  draft.isRunning = true;
  draft.isDormant = false;
  if (message) draft.items.push({ kind: 'user', key: messageId, content: message.content });
}

/** Keeps the part of a streaming message that had arrived when the turn ended. */
function endTurn(draft: Draft, costUsd: number): void {
  draft.isRunning = false;
  draft.costUsd = costUsd;
  for (let at = draft.items.length - 1; at >= 0; at -= 1) {
    const item = draft.items[at];
    if (item?.kind === 'result') break;
    if (item?.kind === 'agent' && item.isStreaming)
      draft.items[at] = { ...item, isStreaming: false };
  }
}

function ask(draft: Draft, request: OpenRequest): void {
  draft.requests = [...draft.requests, request];
  changeTool(draft, request.correlation_id, { isAsked: true });
}

function resolve(draft: Draft, data: EventPayloads['request_resolved']): void {
  const { correlation_id: id, outcome, by } = data;
  draft.requests = draft.requests.filter((request) => request.correlation_id !== id);
  changeTool(draft, id, {
    isAsked: false,
    outcome: by === undefined ? { outcome } : { outcome, by },
  });
}

function note(draft: Draft, key: string, text: string): void {
  draft.items.push({ kind: 'note', key, text });
}

/** Searches from the end, because events nearly always concern one of the last items. */
function changeMessage(
  draft: Draft,
  id: string,
  parent: string | undefined,
  change: (message: AgentMessage) => Partial<AgentMessage>,
): void {
  // When the agent starts a turn by itself, no other event shows that it is active.
  if (parent === undefined) draft.isRunning = true;
  const at = draft.items.findLastIndex((item) => item.kind === 'agent' && item.key === id);
  const found = draft.items[at];
  if (found?.kind === 'agent') {
    draft.items[at] = { ...found, ...change(found) };
    return;
  }
  const message: AgentMessage = {
    kind: 'agent',
    key: id,
    blocks: [],
    settled: 0,
    isStreaming: false,
    parent: parent ?? null,
  };
  draft.items.push({ ...message, ...change(message) });
}

function changeTool(draft: Draft, id: string, change: Partial<ToolBlock>): boolean {
  const isIt = (block: Block) => block.kind === 'tool' && block.id === id;
  const at = draft.items.findLastIndex((item) => item.kind === 'agent' && item.blocks.some(isIt));
  const message = draft.items[at];
  if (message?.kind !== 'agent') return false;
  const blocks = message.blocks.map((block) =>
    block.kind === 'tool' && block.id === id ? { ...block, ...change } : block,
  );
  draft.items[at] = { ...message, blocks };
  return true;
}
