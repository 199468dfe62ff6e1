import type { WireEvent } from '../../../protocol/events.js';
import type { SDKMessage } from '../../agent-client.js';

/** An id is also a part of file names and keys, and a program in the place of the agent may have made it up. */
const ID = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/;

/**
 * Follows the id of the conversation. The agent announces a new one by `conversation_reset`, whose
 * `new_conversation_id` is not the id under which it stores the conversation (SDK 0.3.330): that one is
 * in the messages that follow. The first of them may still have the old id.
 */
export class Conversation {
  /** The id of the conversation that was cleared, until its successor is known. */
  #cleared: string | null = null;

  /** Returns the event of a new conversation with the first message of it. */
  observe(message: SDKMessage): WireEvent[] {
    const { session_id: id } = message as { session_id?: unknown };
    if (message.type === 'conversation_reset') this.#cleared = message.session_id;
    if (this.#cleared === null || typeof id !== 'string' || id === this.#cleared) return [];
    if (!ID.test(id)) return [];
    this.#cleared = null;
    return [{ event: 'conversation_reset', data: { conversation_id: id } }];
  }
}
