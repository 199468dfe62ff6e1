import type { SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import type { StoredConversation } from '../../engine/agent-client.js';
import { isRecord } from '../../protocol/is-record.js';

/** Returns the id of the user message that an entry has: as the start of a turn, or received in a running one. */
export function receivedBy(entry: SessionStoreEntry): string[] {
  const { type, uuid, attachment } = entry;
  const isReceived = isRecord(attachment) && attachment['type'] === 'queued_command';
  const id = isReceived ? attachment['source_uuid'] : type === 'user' && uuid;
  return typeof id === 'string' ? [id] : [];
}

/** Returns those of the messages that a stored conversation has. */
export async function findReceived(
  { conversationId, cwd, transcripts }: StoredConversation,
  messageIds: readonly string[],
): Promise<readonly string[]> {
  if (!transcripts) return [];
  const asked = new Set(messageIds);
  const found = new Set<string>();
  // Only the SDK knows the name under which it stores the conversations of a folder.
  const reader: SessionStore = {
    append: () => Promise.reject(new Error('This store is only for reading.')),
    load: async (key) => {
      const entries = (await transcripts.load(key)) ?? [];
      for (const id of entries.flatMap(receivedBy)) if (asked.has(id)) found.add(id);
      return null;
    },
  };
  const { getSessionMessages } = await import('@anthropic-ai/claude-agent-sdk');
  await getSessionMessages(conversationId, { dir: cwd, sessionStore: reader });
  return [...found];
}
