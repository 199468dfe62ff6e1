import type { EventPayloads, WireEvent } from '../../../protocol/events.js';
import { MessageParts } from './message-parts.js';
import { fromSubAgent, type MessageOf } from './sdk-message.js';

/** How many conversations may stream at the same time: the main one and those of its sub-agents. */
const MAX_CONVERSATIONS = 64;

/** The message that is streaming in the main conversation, or in the conversation of a sub-agent. */
interface StreamingMessage {
  /** The id of the SDK. */
  id: string;
  /** The id of the part to which the streaming block belongs. */
  partId: string;
  /** The tool uses that are streaming, by the index of their block. */
  tools: Map<number, { id: string; name: string }>;
}

/**
 * Translates the messages of the agent and the deltas before them. It keeps the blocks received so
 * far of the newest message, because the SDK sends a message block by block and a client replaces the
 * whole message, and the messages that are streaming.
 */
export class AssistantMessages {
  /** The newest messages, by the tool use that started the sub-agent; null is the main conversation. */
  readonly #newest = new Map<string | null, MessageParts>();
  /** The streaming messages, by the same key. */
  readonly #streaming = new Map<string | null, StreamingMessage>();

  complete(message: MessageOf<'assistant'>): WireEvent[] {
    const { id: sdkId, model, stop_reason } = message.message;
    const parent = message.parent_tool_use_id;
    const parts = this.#partsOf(parent, sdkId);
    this.#newest.delete(parent);
    this.#newest.set(parent, parts);
    dropOldest(this.#newest);
    const { id, content } = parts.add(message.message.content);
    const from = fromSubAgent(message);
    const complete: WireEvent = {
      event: 'message_complete',
      data: {
        message_id: id,
        message: { id, role: 'assistant', content, model, stop_reason },
        ...from,
      },
    };
    const toolUses = message.message.content
      .filter((block) => block.type === 'tool_use')
      .map((block): WireEvent => ({
        event: 'tool_use',
        data: {
          message_id: id,
          tool_use_id: block.id,
          tool_name: block.name,
          input: block.input,
          ...from,
        },
      }));
    return [complete, ...toolUses];
  }

  delta(message: MessageOf<'stream_event'>): WireEvent[] {
    const { event, parent_tool_use_id: parent } = message;
    if (event.type === 'message_start') {
      const { id } = event.message;
      this.#streaming.delete(parent);
      this.#streaming.set(parent, { id, partId: id, tools: new Map() });
      dropOldest(this.#streaming);
      return [];
    }
    const open = this.#streaming.get(parent);
    if (!open) return [];
    if (event.type === 'message_stop') {
      this.#streaming.delete(parent);
      return [];
    }
    if (event.type === 'content_block_start') {
      open.partId = this.#partsOf(parent, open.id).nextId;
      if (event.content_block.type === 'tool_use') {
        const { id, name } = event.content_block;
        open.tools.set(event.index, { id, name });
      }
      return [];
    }
    if (event.type !== 'content_block_delta') return [];
    const data = (delta: EventPayloads['message_delta']['delta']): WireEvent[] => [
      {
        event: 'message_delta',
        data: { message_id: open.partId, delta, ...fromSubAgent(message) },
      },
    ];
    if (event.delta.type === 'text_delta') return data({ type: 'text', text: event.delta.text });
    if (event.delta.type === 'thinking_delta') {
      const { thinking } = event.delta;
      const thought = { message_id: open.partId, thinking, ...fromSubAgent(message) };
      return thinking === '' ? [] : [{ event: 'thinking_delta', data: thought }];
    }
    const tool = open.tools.get(event.index);
    if (event.delta.type === 'input_json_delta' && tool) {
      return data({
        type: 'input_json_delta',
        partial_json: event.delta.partial_json,
        tool_use_id: tool.id,
        name: tool.name,
      });
    }
    return [];
  }

  /** Ends the turn of the main conversation. A background sub-agent may still be streaming its message. */
  endTurn(): WireEvent[] {
    this.#newest.delete(null);
    this.#streaming.delete(null);
    return [];
  }

  /** Returns the parts of a message, without any if it is not the newest of its conversation. */
  #partsOf(parent: string | null, id: string): MessageParts {
    const newest = this.#newest.get(parent);
    return newest?.sdkId === id ? newest : new MessageParts(id);
  }
}

/** Sub-agents end without a message, so only the latest conversations are kept. */
function dropOldest(conversations: Map<string | null, unknown>): void {
  const [oldest] = conversations.keys();
  if (conversations.size > MAX_CONVERSATIONS && oldest !== undefined) conversations.delete(oldest);
}
