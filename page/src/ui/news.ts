import type { Conversation, Item, OpenRequest } from '../session/conversation.js';

const MAX_CHARS = 600;

/** Returns the announcement of a change for screen readers; empty when there is none. */
export function describeNews(before: Conversation, after: Conversation): string {
  const news: string[] = [];
  for (let at = Math.max(0, before.items.length - 2); at < after.items.length; at += 1) {
    const item = after.items[at];
    if (item && item !== before.items[at]) news.push(describeItem(item, before.items[at]));
  }
  for (const request of after.requests) {
    if (before.requests.some((other) => other.correlation_id === request.correlation_id)) continue;
    news.push(describeRequest(request));
  }
  if (before.requests.length > 0 && after.requests.length === 0)
    news.push('The request is closed.');
  return news.filter((text) => text !== '').join(' ');
}

function describeRequest(request: OpenRequest): string {
  switch (request.kind) {
    case 'permission':
      return `The agent asks for permission to use ${request.tool_name}.`;
    case 'question':
      return 'The agent asks a question.';
    case 'elicitation':
      return `The MCP server ${request.server_name} asks for input.`;
    case 'dialog':
      return 'The agent asks for a choice.';
    case 'hook':
      return 'A decision is needed before the agent continues.';
    default:
      return request satisfies never;
  }
}

function describeItem(item: Item, before: Item | undefined): string {
  if (item.kind === 'error') return `Error: ${item.message}`;
  if (item.kind === 'note') return item.text;
  if (item.kind === 'result') return item.is_error ? 'The turn failed.' : '';
  if (item.kind === 'user' || item.isStreaming) return '';
  const text = said(item).slice(said(before).length).trim();
  return text === '' ? '' : `Agent: ${text.slice(0, MAX_CHARS)}`;
}

/** Returns the text of a complete message; empty while it is streaming. */
function said(item: Item | undefined): string {
  if (item?.kind !== 'agent' || item.isStreaming) return '';
  return item.blocks.map((block) => (block.kind === 'text' ? block.text : '')).join(' ');
}
