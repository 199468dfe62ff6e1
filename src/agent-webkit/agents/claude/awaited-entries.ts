import { randomUUID } from 'node:crypto';
import type { SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import type { AgentStart, AwaitedCall, SDKMessage } from '../../engine/agent-client.js';
import { isRecord } from '../../protocol/is-record.js';
import { AgentFailure } from './agent-failure.js';
import { blocksOf, resultsOf, toolUsesOf } from './call-watch.js';
import { withMethods } from './store-methods.js';

/**
 * The tool that the marker names. The option `toolAliases` makes it the tool of the call: so Claude Code does
 * not find it, and runs nothing, before it has the hooks and the settings of the process.
 */
export const AWAITED_TOOL = 'AwaitedCall';

const UNKNOWN =
  'The agent was stopped during this call, so its outcome is unknown. ' +
  'Check if it took effect, and make the call again if that is needed.';

/** The fields of an entry that the entries of one conversation share. */
const SHARED = ['cwd', 'sessionId', 'version', 'gitBranch', 'userType', 'entrypoint'];

/** Returns true for a call that always asks before it runs. */
type AlwaysAsks = NonNullable<AgentStart['alwaysAsks']>;

/** A tool call in a transcript. */
export interface TranscriptCall {
  readonly toolUseID: string;
  readonly toolName: string;
}

/** The conversation of a process that asks again for a call. */
export class AwaitedConversation {
  readonly #awaited: AwaitedCall;
  readonly #alwaysAsks: AlwaysAsks;
  #added: SessionStoreEntry[] | undefined;
  #unasked: readonly TranscriptCall[] = [];
  /** The calls that ended with an earlier process, until they are reported. */
  #lost: readonly string[] = [];

  constructor(awaited: AwaitedCall, alwaysAsks: AlwaysAsks) {
    this.#awaited = awaited;
    this.#alwaysAsks = alwaysAsks;
  }

  /** The first call of the same message that has not begun, and has not asked; null for none. Known once the process runs. */
  get unasked(): TranscriptCall | null {
    return this.#unasked[0] ?? null;
  }

  /** True when the turn cannot go on after this call, because other calls of the message have no results. */
  get hasMore(): boolean {
    return this.#awaited.others.length > 0 || this.#unasked.length > 0;
  }

  /** Returns the results of the calls that ended with an earlier process, as messages, once. */
  takeLost(): SDKMessage[] {
    const lost = this.#lost;
    this.#lost = [];
    return lost.map((id) => ({
      type: 'user',
      message: { role: 'user', content: lostContent(id) },
      parent_tool_use_id: null,
    }));
  }

  /**
   * Returns the store for the process. The first load adds the entry by which Claude Code asks again: the one
   * that it writes itself when a hook defers a call.
   */
  watchStore(store: SessionStore): SessionStore {
    return withMethods(store, {
      load: async (key) => {
        const entries = await store.load(key);
        if (entries === null || key.subpath !== undefined) return entries;
        if (this.#added === undefined) {
          const { added, unasked } = awaitedEntries(entries, this.#awaited, this.#alwaysAsks);
          this.#added = added;
          this.#unasked = unasked;
          await store.append(key, added);
          this.#lost = added.flatMap(resultsOf);
        }
        return [...entries, ...this.#added];
      },
    });
  }
}

/**
 * Returns the entries to add to a transcript: a failed result for each call of the same message that may have
 * begun and has none, and the marker of the awaited call. Returns the calls that have not begun as well: those
 * that always ask first, and have had no answer.
 *
 * @throws AgentFailure when the transcript does not have the call
 */
export function awaitedEntries(
  entries: readonly SessionStoreEntry[],
  { toolUseID, others, answered }: AwaitedCall,
  alwaysAsks: AlwaysAsks,
): { added: SessionStoreEntry[]; unasked: TranscriptCall[] } {
  const call = entries.findLast((entry) => toolUsesOf(entry).includes(toolUseID));
  if (call === undefined) {
    throw new AgentFailure('The call that was answered is not in the conversation any more.');
  }
  const calls = entries.filter((entry) => isOfMessage(entry, messageIdOf(call)));
  const results = entries.filter((entry) => resultsOf(entry).length > 0);
  const done = new Set(results.flatMap(resultsOf));
  const waiting = new Set([toolUseID, ...others]);
  const lost: SessionStoreEntry[] = [];
  const unasked: TranscriptCall[] = [];
  for (const entry of calls) {
    for (const { id, name, input } of blocksOf(entry, 'tool_use')) {
      if (typeof id !== 'string' || done.has(id) || waiting.has(id)) continue;
      const asks = isRecord(input) && alwaysAsks(String(name), input) && !answered.includes(id);
      if (asks) unasked.push({ toolUseID: id, toolName: String(name) });
      else lost.push(lostResult(entry, id));
    }
  }
  const ids = new Set(calls.flatMap(toolUsesOf));
  const newest = [...results, ...lost].findLast((entry) =>
    resultsOf(entry).some((id) => ids.has(id)),
  );
  const parent = newest ?? calls.at(-1) ?? call;
  return { added: [...lost, marker(call, parent, toolUseID)], unasked };
}

function marker(
  call: SessionStoreEntry,
  parent: SessionStoreEntry,
  toolUseID: string,
): SessionStoreEntry {
  const attachment = {
    type: 'hook_deferred_tool',
    toolUseID,
    toolName: AWAITED_TOOL,
    // Claude Code takes the input from the call itself.
    toolInput: {},
    hookName: 'settings',
    hookEvent: 'PreToolUse',
    permissionMode: 'default',
  };
  return { ...newEntry('attachment', call, parent), attachment };
}

function lostContent(id: string) {
  return [{ type: 'tool_result' as const, tool_use_id: id, is_error: true, content: UNKNOWN }];
}

function lostResult(call: SessionStoreEntry, id: string): SessionStoreEntry {
  return {
    ...newEntry('user', call, call),
    message: { role: 'user', content: lostContent(id) },
    toolUseResult: `Error: ${UNKNOWN}`,
    sourceToolAssistantUUID: call.uuid,
  };
}

function newEntry(
  type: string,
  call: SessionStoreEntry,
  parent: SessionStoreEntry,
): SessionStoreEntry {
  const shared = SHARED.flatMap((name) => (name in call ? [[name, call[name]]] : []));
  return {
    ...Object.fromEntries(shared),
    type,
    uuid: randomUUID(),
    parentUuid: parent.uuid,
    isSidechain: false,
    timestamp: new Date().toISOString(),
  };
}

function messageIdOf(entry: SessionStoreEntry): unknown {
  return isRecord(entry['message']) ? entry['message']['id'] : undefined;
}

function isOfMessage(entry: SessionStoreEntry, messageId: unknown): boolean {
  return toolUsesOf(entry).length > 0 && messageIdOf(entry) === messageId;
}
