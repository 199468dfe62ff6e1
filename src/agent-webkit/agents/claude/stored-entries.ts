import type { SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import type { StoredConversation } from '../../engine/agent-client.js';

/** Returns the entries of a stored conversation, in the order in which they were written. */
export async function readEntries({
  conversationId,
  cwd,
  transcripts,
}: Omit<StoredConversation, 'sessionId'>): Promise<readonly SessionStoreEntry[]> {
  if (!transcripts) return [];
  const read: SessionStoreEntry[] = [];
  // Only the SDK knows the name under which it stores the conversations of a folder.
  const reader: SessionStore = {
    append: () => Promise.reject(new Error('This store is only for reading.')),
    load: async (key) => {
      read.push(...((await transcripts.load(key)) ?? []));
      return null;
    },
  };
  const { getSessionMessages } = await import('@anthropic-ai/claude-agent-sdk');
  await getSessionMessages(conversationId, { dir: cwd, sessionStore: reader });
  return read;
}
