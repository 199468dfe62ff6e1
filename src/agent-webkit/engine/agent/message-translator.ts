import type { EventPayloads, WireEvent } from '../../protocol/events.js';
import type { SDKMessage } from '../agent-client.js';
import { TurnCosts } from './turn-costs.js';

type Of<Type extends SDKMessage['type']> = Extract<SDKMessage, { type: Type }>;
type Assistant = Of<'assistant'>;
type StreamEvent = Of<'stream_event'>;

/** How many conversations may stream at the same time: the main one and those of its sub-agents. */
const MAX_CONVERSATIONS = 64;

/** The message that is streaming in the main conversation, or in the conversation of a sub-agent. */
interface OpenMessage {
  messageId: string;
  /** The tool uses that are streaming, by the index of their block. */
  tools: Map<number, { id: string; name: string }>;
}

/**
 * Translates SDK messages to wire events. It keeps only the state that one turn needs: the blocks
 * received so far of the newest message, because the SDK sends a message block by block and a client
 * replaces the whole message; the streaming messages; the last known status of each MCP server; and
 * the costs.
 *
 * A message of an unknown type is translated to no event.
 */
export class MessageTranslator {
  readonly #sessionId: string;
  /** The newest message and its blocks so far, by the tool use that started the sub-agent; null is the main conversation. */
  readonly #newest = new Map<string | null, { id: string; content: readonly unknown[] }>();
  /** The streaming messages, by the same key. */
  readonly #streaming = new Map<string | null, OpenMessage>();
  readonly #mcpStatus = new Map<string, string>();
  readonly #costs: TurnCosts;

  /** @param costUsd the cost of the session before this agent was started */
  constructor(sessionId: string, costUsd: number) {
    this.#sessionId = sessionId;
    this.#costs = new TurnCosts(costUsd);
  }

  translate(message: SDKMessage): WireEvent[] {
    switch (message.type) {
      case 'assistant':
        return this.#assistant(message);
      case 'stream_event':
        return this.#delta(message);
      case 'user':
        return toolResults(message);
      case 'result':
        return [this.#result(message)];
      case 'system':
        return message.subtype === 'init' ? this.#mcpChanges(message.mcp_servers) : [];
      default:
        return [];
    }
  }

  #assistant(message: Assistant): WireEvent[] {
    const { id, model, stop_reason } = message.message;
    const newest = this.#newest.get(message.parent_tool_use_id);
    const content = [...(newest?.id === id ? newest.content : []), ...message.message.content];
    this.#newest.delete(message.parent_tool_use_id);
    this.#newest.set(message.parent_tool_use_id, { id, content });
    dropOldest(this.#newest);
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

  #delta(message: StreamEvent): WireEvent[] {
    const { event, parent_tool_use_id: parent } = message;
    if (event.type === 'message_start') {
      this.#streaming.delete(parent);
      this.#streaming.set(parent, { messageId: event.message.id, tools: new Map() });
      dropOldest(this.#streaming);
      return [];
    }
    const open = this.#streaming.get(parent);
    if (!open) return [];
    if (event.type === 'message_stop') {
      this.#streaming.delete(parent);
      return [];
    }
    if (event.type === 'content_block_start' && event.content_block.type === 'tool_use') {
      open.tools.set(event.index, { id: event.content_block.id, name: event.content_block.name });
      return [];
    }
    if (event.type !== 'content_block_delta') return [];
    const data = (delta: EventPayloads['message_delta']['delta']): WireEvent[] => [
      {
        event: 'message_delta',
        data: { message_id: open.messageId, delta, ...fromSubAgent(message) },
      },
    ];
    if (event.delta.type === 'text_delta') return data({ type: 'text', text: event.delta.text });
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

  #result(message: Of<'result'>): WireEvent {
    const cost = this.#costs.add(message);
    // A background sub-agent may still be streaming its message.
    this.#newest.delete(null);
    this.#streaming.delete(null);
    const errors = 'errors' in message ? message.errors.filter(isForPeople) : [];
    return {
      event: 'result',
      data: {
        session_id: this.#sessionId,
        subtype: message.subtype,
        is_error: message.is_error,
        total_cost_usd: cost,
        session_cost_usd: this.#costs.sessionUsd,
        duration_ms: message.duration_ms,
        num_turns: message.num_turns,
        usage: message.usage,
        ...(errors.length > 0 ? { errors } : {}),
        ...(isUnasked(message) ? { unasked: true } : {}),
      },
    };
  }

  #mcpChanges(servers: readonly { name: string; status: string }[]): WireEvent[] {
    const changed = servers.filter(({ name, status }) => this.#mcpStatus.get(name) !== status);
    for (const { name, status } of changed) this.#mcpStatus.set(name, status);
    return changed.map(({ name, status }) => ({
      event: 'mcp_status_change',
      data: { server_name: name, status },
    }));
  }
}

/** Sub-agents end without a message, so only the latest conversations are kept. */
function dropOldest(conversations: Map<string | null, unknown>): void {
  const [oldest] = conversations.keys();
  if (conversations.size > MAX_CONVERSATIONS && oldest !== undefined) conversations.delete(oldest);
}

function toolResults(message: Of<'user'>): WireEvent[] {
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

function fromSubAgent(message: { parent_tool_use_id: string | null }): {
  parent_tool_use_id?: string;
} {
  return message.parent_tool_use_id === null
    ? {}
    : { parent_tool_use_id: message.parent_tool_use_id };
}

/** Returns true for a turn that the agent began by itself and that answered no user message. */
function isUnasked({ origin, user_message_uuid }: Of<'result'>): boolean {
  return origin !== undefined && origin.kind !== 'human' && user_message_uuid === undefined;
}

/** Returns false for the diagnostic line that the SDK adds to an aborted turn. */
function isForPeople(error: string): boolean {
  return !error.startsWith('[ede_diagnostic]');
}
