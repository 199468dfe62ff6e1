import type { EventPayloads, UserContent } from '../../../src/agent-webkit/protocol/events.js';
import type { Block, ToolBlock } from './blocks.js';
import type {
  AgentMessage,
  Conversation,
  Item,
  OpenRequest,
  QueuedMessage,
} from './conversation.js';

/** A conversation while events are added to it. */
export type Draft = { -readonly [Key in keyof Conversation]: Conversation[Key] } & {
  items: Item[];
};

export function startTurn(draft: Draft, messageId: string): void {
  draft.isRunning = true;
  draft.isDormant = false;
  deliverMessage(draft, messageId);
}

/** Moves a message from the queue to the conversation. */
export function deliverMessage(draft: Draft, messageId: string): void {
  const message = takeQueued(draft, messageId);
  if (message)
    draft.items.push({ kind: 'user', key: messageId, at: draft.lastAt, content: message.content });
}

/** Marks what the agent forgets: a message, and everything after it. */
export function replaceFrom(draft: Draft, messageId: string): void {
  const from = draft.items.findIndex(({ key }) => key === messageId);
  if (from === -1) return;
  draft.items = draft.items.map((item, index) =>
    index < from ? item : { ...item, isReplaced: true },
  );
}

/** Removes a message from the queue, and returns it. */
export function takeQueued(draft: Draft, messageId: string): QueuedMessage | undefined {
  const message = draft.queue.find((waiting) => waiting.messageId === messageId);
  draft.queue = draft.queue.filter((waiting) => waiting !== message);
  return message;
}

export function editQueued(draft: Draft, messageId: string, content: UserContent): void {
  draft.queue = draft.queue.map((waiting) =>
    waiting.messageId === messageId ? { ...waiting, content } : waiting,
  );
}

/** Keeps the part of a streaming message that had arrived when the turn ended, and abandons calls without a result. */
export function endTurn(draft: Draft, costUsd: number): void {
  draft.isRunning = false;
  draft.costUsd = costUsd;
  for (let at = draft.items.length - 1; at >= 0; at -= 1) {
    const item = draft.items[at];
    if (item?.kind === 'result') break;
    if (item?.kind === 'agent') draft.items[at] = endMessage(item);
  }
}

function isOpen(block: Block): boolean {
  return block.kind === 'tool' && block.result === null && !block.isAsked && !block.isAbandoned;
}

function endMessage(message: AgentMessage): AgentMessage {
  if (!message.isStreaming && !message.blocks.some(isOpen)) return message;
  const blocks = message.blocks.map((block) =>
    isOpen(block) ? ({ ...block, isAbandoned: true } as ToolBlock) : block,
  );
  return { ...message, blocks, isStreaming: false };
}

export function ask(draft: Draft, request: OpenRequest): void {
  draft.requests = [...draft.requests, request];
  changeTool(draft, request.correlation_id, { isAsked: true });
}

export function approve(draft: Draft, data: EventPayloads['request_approved']): void {
  draft.requests = draft.requests.map((request) =>
    request.kind === 'permission' && request.correlation_id === data.correlation_id
      ? { ...request, approvedBy: [...(request.approvedBy ?? []), data.by] }
      : request,
  );
}

export function escalate(draft: Draft, data: EventPayloads['request_escalated']): void {
  draft.requests = draft.requests.map((request) =>
    (request.kind === 'permission' || request.kind === 'question') &&
    request.correlation_id === data.correlation_id
      ? { ...request, escalatedTo: data.to }
      : request,
  );
}

export function resolve(draft: Draft, data: EventPayloads['request_resolved']): void {
  const { correlation_id: id, outcome, by, updated_input: updatedInput } = data;
  draft.requests = draft.requests.filter((request) => request.correlation_id !== id);
  changeTool(draft, id, {
    isAsked: false,
    outcome: { outcome, ...(by !== undefined && { by }), ...(updatedInput && { updatedInput }) },
  });
}

export function note(draft: Draft, key: string, text: string): void {
  draft.items.push({ kind: 'note', key, at: draft.lastAt, text });
}

/** Searches from the end, because events nearly always concern one of the last items. */
export function changeMessage(
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
    at: draft.lastAt,
    blocks: [],
    settled: 0,
    isStreaming: false,
    parent: parent ?? null,
  };
  draft.items.push({ ...message, ...change(message) });
}

export function changeTool(draft: Draft, id: string, change: Partial<ToolBlock>): boolean {
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
