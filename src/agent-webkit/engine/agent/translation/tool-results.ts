import type { WireEvent } from '../../../protocol/events.js';
import { withoutApiError } from './api-errors.js';
import { fromSubAgent, type MessageOf } from './sdk-message.js';

/** Returns the tool results that a message of the role `user` brings. */
export function toolResults(message: MessageOf<'user'>): WireEvent[] {
  const { content } = message.message;
  if ('isReplay' in message || typeof content === 'string') return [];
  const events: WireEvent[] = [];
  for (const block of content) {
    if (block.type !== 'tool_result') continue;
    const { tool_use_id, content: given = '', is_error = false } = block;
    const output = typeof given === 'string' ? withoutApiError(given) : given.map(cleanBlock);
    events.push({
      event: 'tool_result',
      data: { tool_use_id, output, is_error, ...fromSubAgent(message) },
    });
  }
  return events;
}

/** Returns a block of the output of a tool. The tool can be a sub-agent that an API error has ended. */
function cleanBlock<Block extends { type: string }>(block: Block): Block {
  return 'text' in block && typeof block.text === 'string'
    ? { ...block, text: withoutApiError(block.text) }
    : block;
}
