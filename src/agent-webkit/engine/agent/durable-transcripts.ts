import type { SessionKey, SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import { FencedError, type TranscriptStore, UnstorableError } from '../storage.js';
import { retry, type RetryOptions } from '../timing/retry.js';

/**
 * Entries that can never be stored are dropped. The agent reports them. So are those of an agent whose session
 * another server has taken over: its next agent does not remember them.
 */
const isFinal = (error: unknown) =>
  error instanceof UnstorableError || error instanceof FencedError;

/** The folder of a session's later conversations among the subpaths of its transcripts. */
const LATER = 'conversations/';

/**
 * Writes a session's transcripts to the storage, and retries for as long as the session lives. The
 * SDK alone drops an entry after three failed attempts, and a resumed agent does not remember it.
 * Entries are written in order, and a load waits until all of them are written.
 *
 * All of them are stored under the id of the session, so that a deletion of the session finds them. A
 * conversation that the agent began after it cleared its context has an id of its own for the agent,
 * and a subpath in the storage.
 */
export class DurableTranscripts implements SessionStore {
  readonly #sessionId: string;
  readonly #epoch: number;
  readonly #store: TranscriptStore;
  readonly #retries: RetryOptions;
  readonly #stopped = new AbortController();
  #writing = 0;
  #receivedBytes = 0;
  /** The last append. The next one waits for it, even if it fails. */
  #written: Promise<void> = Promise.resolve();

  /** @param epoch the epoch at which this server took over the session */
  constructor(sessionId: string, epoch: number, store: TranscriptStore) {
    this.#sessionId = sessionId;
    this.#epoch = epoch;
    this.#store = store;
    this.#retries = {
      signal: this.#stopped.signal,
      isFinal,
      onFailure: () => undefined, // reported by the storage's guard
    };
  }

  /** True while an entry is not written yet. */
  get isWriting(): boolean {
    return this.#writing > 0;
  }

  /** The size of all entries that this server has received for the session, in bytes. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  append(key: SessionKey, entries: SessionStoreEntry[]): Promise<void> {
    this.#writing += 1;
    this.#receivedBytes += Buffer.byteLength(JSON.stringify(entries));
    const written = this.#written
      .then(() => retry(() => this.#append(this.#stored(key), entries), this.#retries))
      .finally(() => {
        this.#writing -= 1;
      });
    this.#written = written.catch(() => undefined);
    return written;
  }

  load(key: SessionKey): Promise<SessionStoreEntry[] | null> {
    return this.#afterWrites(() => this.#store.load(this.#stored(key)));
  }

  async listSubkeys(key: Pick<SessionKey, 'projectKey' | 'sessionId'>): Promise<string[]> {
    const { subpath, ...stored } = this.#stored(key);
    const paths = await this.#afterWrites(() => this.#store.listSubkeys?.(stored) ?? []);
    if (subpath === undefined) return paths.filter((path) => !path.startsWith(LATER));
    const folder = `${subpath}/`;
    return paths.flatMap((path) => (path.startsWith(folder) ? path.slice(folder.length) : []));
  }

  /** Stops retrying. Entries that are not written by now are lost. */
  stop(): void {
    this.#stopped.abort();
  }

  #append(key: SessionKey, entries: SessionStoreEntry[]): Promise<void> {
    return this.#store.append(key, entries, this.#epoch);
  }

  /** Returns the key under which a transcript of the agent is stored. */
  #stored({ projectKey, sessionId, subpath }: SessionKey): SessionKey {
    const isFirst = sessionId === this.#sessionId;
    const folder = isFirst ? [] : [`${LATER}${sessionId}`];
    const path = [...folder, ...(subpath ? [subpath] : [])].join('/');
    return { projectKey, sessionId: this.#sessionId, ...(path && { subpath: path }) };
  }

  async #afterWrites<Result>(read: () => Result | Promise<Result>): Promise<Result> {
    await this.#written;
    return retry(read, this.#retries);
  }
}
