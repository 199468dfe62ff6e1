import { randomUUID } from 'node:crypto';
import type { SessionKey, SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import type { SDKMessage } from '../../engine/agent-client.js';
import { TIMED_OUT, within } from '../../engine/timing/within.js';
import { createDeferred } from './deferred.js';
import { withMethods } from './store-methods.js';

/** How long after the result of a turn its entries may arrive. They usually arrive before it. */
const LATE_MS = 1000;
/** How many messages of one turn are compared with the entries. */
const MAX_MESSAGES = 1000;
/** The model of messages that Claude Code writes itself, for example about an API error. */
const SYNTHETIC = '<synthetic>';

/**
 * Notices the messages of a process that are missing in its session store.
 *
 * Claude Code passes on only what it could write to its own files first. On a full disk, it continues
 * without them, and reports the loss when it exits. This class compares the messages of each turn with
 * the entries that the store has received.
 */
export class TranscriptWatch {
  /** The store for the process, which passes everything on. */
  readonly store: SessionStore;
  readonly #lateMs: number;
  /** The messages of the turn that the store has not received, by their UUIDs. */
  readonly #missing = new Set<string>();
  /** The entries that the store has received before their messages. */
  readonly #early = new Set<string>();
  #received = createDeferred<undefined>();
  #hasReported = false;

  constructor(store: SessionStore, lateMs = LATE_MS) {
    this.store = this.#observe(store);
    this.#lateMs = lateMs;
  }

  /** True for the report at the exit of the process of a loss that is reported already. */
  isNoNews(message: SDKMessage): boolean {
    return (
      this.#hasReported && message.type === 'system' && message.subtype === 'session_writes_lost'
    );
  }

  /**
   * Observes a message of the process. Resolves to a message about what is missing, after the result of
   * a turn that is not stored, else to null.
   */
  async observe(message: SDKMessage): Promise<SDKMessage | null> {
    if (message.type === 'assistant') {
      const { uuid, parent_tool_use_id: parent } = message;
      if (parent === null && message.message.model !== SYNTHETIC) this.#expect(uuid);
    }
    if (message.type !== 'result') return null;
    this.#early.clear();
    const isComplete = this.#missing.size === 0 || (await this.#arrivesLate());
    this.#missing.clear();
    if (isComplete) return null;
    this.#hasReported = true;
    return {
      type: 'system',
      subtype: 'mirror_error',
      error: 'The agent has not passed on the messages of this turn.',
      key: { projectKey: '', sessionId: message.session_id },
      uuid: randomUUID(),
      session_id: message.session_id,
    };
  }

  #observe(store: SessionStore): SessionStore {
    const append = (key: SessionKey, entries: SessionStoreEntry[]) => {
      if (key.subpath === undefined) this.#take(entries);
      return store.append(key, entries);
    };
    return withMethods(store, { append });
  }

  #expect(uuid: string): void {
    if (this.#early.delete(uuid) || this.#missing.size >= MAX_MESSAGES) return;
    this.#missing.add(uuid);
  }

  #take(entries: readonly SessionStoreEntry[]): void {
    for (const { uuid, type } of entries) {
      if (type !== 'assistant' || typeof uuid !== 'string') continue;
      if (!this.#missing.delete(uuid)) this.#early.add(uuid);
      const [oldest] = this.#early;
      if (oldest !== undefined && this.#early.size > MAX_MESSAGES) this.#early.delete(oldest);
    }
    if (this.#missing.size === 0) this.#received.resolve(undefined);
  }

  /** Resolves to true when the missing entries arrive in a moment. */
  async #arrivesLate(): Promise<boolean> {
    this.#received = createDeferred();
    return (await within(this.#lateMs, this.#received.promise)) !== TIMED_OUT;
  }
}
