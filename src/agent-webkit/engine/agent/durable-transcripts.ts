import type { SessionKey, SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import { retry, type RetryOptions } from '../timing/retry.js';

/**
 * A session's transcripts on their way to the storage. The SDK drops what a store refuses three
 * times, and with it the agent's memory; here it is tried again for as long as the session lives,
 * in order, and nothing is loaded before everything is written.
 */
export class DurableTranscripts implements SessionStore {
  readonly #store: SessionStore;
  readonly #retries: RetryOptions;
  readonly #stopped = new AbortController();
  #writing = 0;
  /** The last append. The next one waits for it, whatever becomes of it. */
  #written: Promise<void> = Promise.resolve();

  /** @param onTrouble called with every attempt that failed */
  constructor(store: SessionStore, onTrouble: (cause: unknown) => void) {
    this.#store = store;
    this.#retries = { signal: this.#stopped.signal, isFinal: () => false, onFailure: onTrouble };
  }

  /** Whether something is not written yet. */
  get isWriting(): boolean {
    return this.#writing > 0;
  }

  append(key: SessionKey, entries: SessionStoreEntry[]): Promise<void> {
    this.#writing += 1;
    const written = this.#written
      .then(() => retry(() => this.#store.append(key, entries), this.#retries))
      .finally(() => {
        this.#writing -= 1;
      });
    this.#written = written.catch(() => undefined);
    return written;
  }

  load(key: SessionKey): Promise<SessionStoreEntry[] | null> {
    return this.#afterWrites(() => this.#store.load(key));
  }

  listSubkeys(key: Pick<SessionKey, 'projectKey' | 'sessionId'>): Promise<string[]> {
    return this.#afterWrites(() => this.#store.listSubkeys?.(key) ?? []);
  }

  /** Tries no more: what is not written now is lost. */
  stop(): void {
    this.#stopped.abort();
  }

  async #afterWrites<Result>(read: () => Result | Promise<Result>): Promise<Result> {
    await this.#written;
    return retry(read, this.#retries);
  }
}
