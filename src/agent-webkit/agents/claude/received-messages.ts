import type { SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import type { StoredConversation } from '../../engine/agent-client.js';
import { isRecord } from '../../protocol/is-record.js';
import { readEntries } from './stored-entries.js';

/** Returns the id of the message that a running turn has received with an entry; null for another entry. */
export function steeredBy({ attachment }: SessionStoreEntry): string | null {
  if (!isRecord(attachment) || attachment['type'] !== 'queued_command') return null;
  const id = attachment['source_uuid'];
  return typeof id === 'string' ? id : null;
}

/**
 * The user messages that an agent which resumes a conversation has. One that a running turn has received is among them
 * only when a message of the conversation follows: an agent that resumes drops what comes after the last one.
 */
export class ReceivedMessages {
  #steered: string[] = [];

  /** Returns the messages that are received with the next entries of the conversation. */
  add(entries: readonly SessionStoreEntry[]): string[] {
    const received: string[] = [];
    for (const entry of entries) {
      const steered = steeredBy(entry);
      if (steered !== null) this.#steered.push(steered);
      if (entry.type !== 'user' && entry.type !== 'assistant') continue;
      received.push(...this.#steered.splice(0));
      if (entry.type === 'user' && entry.uuid !== undefined) received.push(entry.uuid);
    }
    return received;
  }
}

/** Returns those of the messages that an agent has which resumes a stored conversation. */
export async function findReceived(
  conversation: StoredConversation,
  messageIds: readonly string[],
): Promise<readonly string[]> {
  const found = new Set(new ReceivedMessages().add(await readEntries(conversation)));
  return messageIds.filter((id) => found.has(id));
}
