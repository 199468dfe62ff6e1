import type { EventPayloads, WireEvent } from '../../protocol/events.js';

type Complete = Extract<WireEvent, { event: 'message_complete' }>;
type Message = EventPayloads['message_complete']['message'];

/** How many conversations may stream at the same time: the main one and those of its sub-agents. */
const MAX_CONVERSATIONS = 64;

/** The newest message of a conversation. */
interface NewestMessage {
  readonly id: string;
  /** Its newest `message_complete`; null if there is none. */
  readonly completed: Message | null;
  /** True after a delta that is in no `message_complete` yet. */
  readonly isOpen: boolean;
}

/**
 * The messages that are streaming, one in each conversation: the main one and those of sub-agents.
 *
 * A message is open from a delta to its next `message_complete`. The agent may never complete it: a
 * request to the model can fail and be retried, a turn can be interrupted, and an agent or a server
 * can be killed. {@link endsBefore} returns the events that end such messages. They have the blocks that
 * were completed, and no blocks if there are none, so that a client drops the rest.
 */
export class OpenMessages {
  /** By the tool use that started the sub-agent, least recently used first; null is the main conversation. */
  readonly #newest = new Map<string | null, NewestMessage>();

  /** True while a message is open. */
  get areOpen(): boolean {
    return [...this.#newest.values()].some(({ isOpen }) => isOpen);
  }

  /** Returns the ends of the open messages that the agent cannot complete any more when this event comes. */
  endsBefore(wire: WireEvent): WireEvent[] {
    switch (wire.event) {
      case 'message_delta':
      case 'thinking_delta':
      case 'message_complete':
        return this.#replacedBy(wire.data.parent_tool_use_id ?? null, wire.data.message_id);
      case 'tool_result':
        return this.#end(wire.data.tool_use_id);
      case 'result':
        return this.#end(null);
      case 'session_state':
        return wire.data.state === 'dormant' ? this.#endAll() : [];
      case 'done':
        return this.#endAll();
      default:
        return [];
    }
  }

  apply(wire: WireEvent): void {
    switch (wire.event) {
      case 'message_delta':
      case 'thinking_delta': {
        const { message_id: id, parent_tool_use_id: parent = null } = wire.data;
        const newest = this.#newest.get(parent);
        const completed = newest?.id === id ? newest.completed : null;
        this.#set(parent, { id, completed, isOpen: true });
        return;
      }
      case 'message_complete': {
        const { message_id: id, message, parent_tool_use_id: parent = null } = wire.data;
        // A sub-agent that does not stream has no open messages, and its messages need not be kept.
        if (parent !== null && !this.#newest.has(parent)) return;
        this.#set(parent, { id, completed: message, isOpen: false });
        return;
      }
      case 'tool_result':
        this.#newest.delete(wire.data.tool_use_id);
        return;
      case 'result':
        this.#newest.delete(null);
        return;
      case 'session_state':
        if (wire.data.state === 'dormant') this.#newest.clear();
        return;
      case 'done':
        this.#newest.clear();
        return;
      default:
    }
  }

  #set(parent: string | null, message: NewestMessage): void {
    this.#newest.delete(parent);
    if (this.#newest.size >= MAX_CONVERSATIONS) this.#newest.delete(this.#leastRecent());
    this.#newest.set(parent, message);
  }

  #leastRecent(): string | null {
    const [parent = null] = this.#newest.keys();
    return parent;
  }

  #replacedBy(parent: string | null, id: string): WireEvent[] {
    const newest = this.#newest.get(parent);
    if (newest) return newest.id === id ? [] : this.#end(parent);
    return this.#newest.size < MAX_CONVERSATIONS ? [] : this.#end(this.#leastRecent());
  }

  #endAll(): WireEvent[] {
    return [...this.#newest.keys()].flatMap((parent) => this.#end(parent));
  }

  #end(parent: string | null): WireEvent[] {
    const newest = this.#newest.get(parent);
    return newest?.isOpen ? [endOf(parent, newest)] : [];
  }
}

function endOf(parent: string | null, { id, completed }: NewestMessage): Complete {
  const empty: Message = { id, role: 'assistant', content: [], model: '', stop_reason: null };
  return {
    event: 'message_complete',
    data: {
      message_id: id,
      message: completed ?? empty,
      ...(parent !== null && { parent_tool_use_id: parent }),
    },
  };
}
