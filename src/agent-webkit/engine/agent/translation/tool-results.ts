import type { WireEvent } from '../../../protocol/events.js';
import { fromSubAgent, type MessageOf } from './sdk-message.js';

/** Returns the tool results that a message of the role `user` brings. */
export function toolResults(message: MessageOf<'user'>): WireEvent[] {
  const { content } = message.message;
  if ('isReplay' in message || typeof content === 'string') return [];
  const events: WireEvent[] = [];
  for (const block of content) {
    if (block.type !== 'tool_result') continue;
    const { tool_use_id, content: output = '', is_error = false } = block;
    events.push({
      event: 'tool_result',
      data: { tool_use_id, output, is_error, ...fromSubAgent(message) },
    });
  }
  return events;
}
