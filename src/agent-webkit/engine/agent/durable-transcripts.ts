import type { SessionKey, SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import { retry, type RetryOptions } from '../timing/retry.js';

/**
 * Writes a session's transcripts to the storage, and retries for as long as the session lives. The
 * SDK alone drops an entry after three failed attempts, and a resumed agent does not remember it.
 * Entries are written in order, and a load waits until all of them are written.
 */
export class DurableTranscripts implements SessionStore {
  readonly #store: SessionStore;
  readonly #retries: RetryOptions;
  readonly #stopped = new AbortController();
  #writing = 0;
  /** The last append. The next one waits for it, even if it fails. */
  #written: Promise<void> = Promise.resolve();

  /** @param onFailure called with the error of each attempt that is retried */
  constructor(store: SessionStore, onFailure: (cause: unknown) => void) {
    this.#store = store;
    this.#retries = { signal: this.#stopped.signal, isFinal: () => false, onFailure };
  }

  /** True while an entry is not written yet. */
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

  /** Stops retrying. Entries that are not written by now are lost. */
  stop(): void {
    this.#stopped.abort();
  }

  async #afterWrites<Result>(read: () => Result | Promise<Result>): Promise<Result> {
    await this.#written;
    return retry(read, this.#retries);
  }
}
