import type { SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import type { StoredConversation } from '../../engine/agent-client.js';
import { isRecord } from '../../protocol/is-record.js';
import { readEntries } from './stored-entries.js';

/** Returns the id of the user message that an entry has: as the start of a turn, or received in a running one. */
export function receivedBy(entry: SessionStoreEntry): string[] {
  const { type, uuid, attachment } = entry;
  const isReceived = isRecord(attachment) && attachment['type'] === 'queued_command';
  const id = isReceived ? attachment['source_uuid'] : type === 'user' && uuid;
  return typeof id === 'string' ? [id] : [];
}

/** Returns those of the messages that a stored conversation has. */
export async function findReceived(
  conversation: StoredConversation,
  messageIds: readonly string[],
): Promise<readonly string[]> {
  const found = new Set((await readEntries(conversation)).flatMap(receivedBy));
  return messageIds.filter((id) => found.has(id));
}
