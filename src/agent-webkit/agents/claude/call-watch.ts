import type { SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import type { CanUseTool, PermissionContext, SDKMessage } from '../../engine/agent-client.js';
import { isRecord } from '../../protocol/is-record.js';
import { createDeferred, type Deferred } from './deferred.js';
import { withMethods } from './store-methods.js';

/** How long a request waits until its call is stored. Without that, it ends with its agent. */
const STORED_MS = 10_000;
/** How many stored calls are remembered. A request comes within a second of its call. */
const MAX_REMEMBERED = 256;

/**
 * The tool calls of one process: which of them run, which wait for a person, and which are stored.
 *
 * Claude Code passes an entry to the store only after it has asked about the call in it. Until then, no later
 * process could ask again. Likewise, it reports a result before it stores it. Until then, the call runs: a later
 * process would not know its result.
 */
export class CallWatch {
  /** The calls that have begun, also those that wait for a person. */
  readonly #begun = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #stored = new Set<string>();
  #hasStore = false;
  readonly #storing = new Map<string, Deferred<boolean>>();

  /** True while all calls that have begun wait for a person, and are stored. */
  get isWaiting(): boolean {
    const isHeld = (id: string) => this.#asked.has(id) && this.#stored.has(id);
    return this.#asked.size > 0 && [...this.#begun, ...this.#asked].every(isHeld);
  }

  /** Records that a call begins. */
  begin(toolUseId: string): void {
    this.#begun.add(toolUseId);
  }

  /** Records the end of a turn, and so of its calls. */
  observe(message: SDKMessage): void {
    if (message.type === 'result') this.#begun.clear();
  }

  /** Returns a function that tells of each request whether its call is stored, and calls the given one. */
  watch(canUseTool: CanUseTool): CanUseTool {
    return async (toolName, input, context) => {
      const { toolUseID: id, agentID } = context;
      this.#asked.add(id);
      try {
        // No process can resume a sub-agent.
        if (agentID !== undefined || !this.#hasStore)
          return await canUseTool(toolName, input, context);
        return await canUseTool(toolName, input, { ...context, stored: this.#isStored(context) });
      } finally {
        this.#asked.delete(id);
      }
    };
  }

  /** Returns the store for the process. */
  watchStore(store: SessionStore): SessionStore {
    this.#hasStore = true;
    return withMethods(store, {
      append: async (key, entries) => {
        await store.append(key, entries);
        if (key.subpath === undefined) this.#store(entries);
      },
      load: async (key) => {
        const entries = await store.load(key);
        if (key.subpath === undefined) this.#store(entries ?? []);
        return entries;
      },
    });
  }

  #store(entries: readonly SessionStoreEntry[]): void {
    for (const id of entries.flatMap(toolUsesOf)) {
      this.#stored.add(id);
      this.#storing.get(id)?.resolve(true);
    }
    for (const id of entries.flatMap(resultsOf)) this.#begun.delete(id);
    for (const id of this.#stored) {
      if (this.#stored.size <= MAX_REMEMBERED) break;
      if (!this.#asked.has(id)) this.#stored.delete(id);
    }
  }

  #isStored({ toolUseID: id, signal }: PermissionContext): Promise<boolean> {
    if (this.#stored.has(id)) return Promise.resolve(true);
    const storing = this.#storing.get(id) ?? createDeferred<boolean>();
    this.#storing.set(id, storing);
    const giveUp = () => storing.resolve(false);
    const timer = setTimeout(giveUp, STORED_MS);
    signal.addEventListener('abort', giveUp);
    return storing.promise.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      this.#storing.delete(id);
    });
  }
}

/** Returns the ids of the tool calls in an entry of a transcript. */
export function toolUsesOf(entry: SessionStoreEntry): string[] {
  return blocksOf(entry, 'tool_use').flatMap(({ id }) => (typeof id === 'string' ? [id] : []));
}

/** Returns the ids of the tool calls whose results are in an entry of a transcript. */
export function resultsOf(entry: SessionStoreEntry): string[] {
  return blocksOf(entry, 'tool_result').map(({ tool_use_id: id }) => String(id));
}

/** Returns the blocks of one type in the message of an entry. */
export function blocksOf(entry: SessionStoreEntry, type: string): Record<string, unknown>[] {
  const message = isRecord(entry['message']) ? entry['message'] : {};
  const { content } = message;
  if (!Array.isArray(content)) return [];
  return content.filter((block): block is Record<string, unknown> => {
    return isRecord(block) && block['type'] === type;
  });
}
