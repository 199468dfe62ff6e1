import type { SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import type { StoredConversation } from '../../engine/agent-client.js';
import { isRecord } from '../../protocol/is-record.js';
import { withMethods } from './store-methods.js';
import { readEntries } from './stored-entries.js';

/** The id of the entry that an entry follows; null for the first one. */
type ParentOf = (entry: SessionStoreEntry) => string | null;

const directParent: ParentOf = ({ parentUuid }) =>
  typeof parentUuid === 'string' ? parentUuid : null;

/** The first entry after a compaction names the one before it in another field. */
const anyParent: ParentOf = (entry) => {
  const { logicalParentUuid } = entry;
  return directParent(entry) ?? (typeof logicalParentUuid === 'string' ? logicalParentUuid : null);
};

/** Entries that are linked to each other, by their ids. Those of sub-agents are none. */
function linkedEntries(entries: readonly SessionStoreEntry[]): Map<string, SessionStoreEntry> {
  const linked = new Map<string, SessionStoreEntry>();
  for (const entry of entries) {
    if (entry.uuid !== undefined && entry['isSidechain'] !== true) linked.set(entry.uuid, entry);
  }
  return linked;
}

/** Yields an entry, its parent, the parent of that, and so on. */
function* lineage(
  entry: SessionStoreEntry | undefined,
  linked: ReadonlyMap<string, SessionStoreEntry>,
  parentOf: ParentOf,
): Generator<SessionStoreEntry, void> {
  // A damaged conversation may go round in circles.
  const passed = new Set<SessionStoreEntry>();
  for (let each = entry; each && !passed.has(each); each = linked.get(parentOf(each) ?? '')) {
    passed.add(each);
    yield each;
  }
}

/** Returns the entry with which a message has begun a turn, if it is on the newest branch. */
function findTurn(
  messageId: string,
  linked: ReadonlyMap<string, SessionStoreEntry>,
): SessionStoreEntry | undefined {
  const newest = [...linked.values()].at(-1);
  return [...lineage(newest, linked, directParent)].find(
    ({ uuid, type }) => uuid === messageId && type === 'user',
  );
}

/** True for a message of a person, false for the result of a tool. */
function isPrompt({ type, message }: SessionStoreEntry): boolean {
  if (type !== 'user') return false;
  const content = isRecord(message) ? message['content'] : null;
  const blocks: readonly unknown[] = Array.isArray(content) ? content : [];
  return !blocks.some((block) => isRecord(block) && block['type'] === 'tool_result');
}

/**
 * Returns the entries without the branches that messages have replaced. With `messageId`, that message and everything
 * after it is also one, if it is on the newest branch.
 *
 * Claude Code by itself resumes the branch on which an agent has ended last, even when there is a newer one. So it gets
 * the present branch alone. The results of parallel calls are side branches that belong to it: a replaced one begins with a
 * prompt.
 */
export function presentBranch(
  entries: readonly SessionStoreEntry[],
  messageId: string,
): SessionStoreEntry[] {
  const linked = linkedEntries(entries);
  const replaced = findTurn(messageId, linked);
  const last = replaced ? linked.get(anyParent(replaced) ?? '') : [...linked.values()].at(-1);
  const branch = new Set(lineage(last, linked, anyParent));
  const isPresent = (entry: SessionStoreEntry): boolean => {
    for (const each of lineage(entry, linked, anyParent)) {
      if (branch.has(each)) return true;
      if (isPrompt(each)) return false;
    }
    return false;
  };
  const present = new Set([...linked.values()].filter(isPresent).map(({ uuid }) => uuid));
  return entries.filter((entry) => {
    const { uuid, leafUuid } = entry;
    if (uuid !== undefined && linked.get(uuid) === entry) return present.has(uuid);
    // An entry about a branch.
    return typeof leafUuid !== 'string' || present.has(leafUuid);
  });
}

/** Returns a store that gives an agent the {@link presentBranch} of a conversation. */
export function withoutReplaced(
  store: SessionStore,
  conversationId: string,
  messageId: string,
): SessionStore {
  return withMethods(store, {
    load: async (key) => {
      const entries = await store.load(key);
      if (!entries || key.sessionId !== conversationId || key.subpath !== undefined) return entries;
      const present = presentBranch(entries, messageId);
      // The first message was replaced: the agent begins anew.
      return linkedEntries(present).size === 0 ? null : present;
    },
  });
}

/**
 * Returns true when a stored conversation has a message that began a turn, and no later one has replaced it.
 *
 * @param rewindTo the message that was replaced last: an agent may not have written the one that replaces it
 */
export async function hasTurn(
  conversation: StoredConversation,
  messageId: string,
  rewindTo?: string,
): Promise<boolean> {
  const entries = await readEntries(conversation);
  const remembered = rewindTo === undefined ? entries : presentBranch(entries, rewindTo);
  const linked = linkedEntries(remembered);
  return findTurn(messageId, linked) !== undefined;
}
