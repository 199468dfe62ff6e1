import { retry } from '../timing/retry.js';
import type { WireEvent } from '../../protocol/events.js';
import type { SessionEvent } from '../session-event.js';
import { NotStorableError } from '../errors.js';
import { type EventAppend, FencedError, UnstorableError } from '../storage.js';

/** An appended event: as it is stored, and as it was passed to the log. */
export interface Appended {
  readonly event: SessionEvent;
  readonly wire: WireEvent;
}

export interface GroupCommitOptions {
  /** Creates the append of a group, just before it is written for the first time. */
  createAppend: (appended: readonly Appended[], keys: readonly string[]) => EventAppend;
  /** Writes an append. Returns nothing when it is durable at once. Called again with the same append after a failure. */
  write: (append: EventAppend) => void | Promise<void>;
  /**
   * Called with the events that were committed, in order, and how long that took since they were written for the first time, in
   * milliseconds.
   */
  onCommitted: (appended: readonly Appended[], durationMs: number) => void;
  /** Called once, when no event can be committed any more. Returns the error that appends reject with from then on. */
  onFailure: (cause: unknown) => Error;
}

interface Gathering {
  appended: Appended[];
  /** The idempotency keys under which clients requested these events. */
  keys: string[];
  /** The number of calls of `commit` that these events are from. */
  calls: number;
  committed: Promise<void>;
  resolve: () => void;
  reject: (error: Error) => void;
}

/**
 * Commits events in order and in groups: events appended during a write are gathered for the next
 * one. A write that fails is retried with the same group until it succeeds, so that no event is
 * committed behind a gap or left out. Retrying ends when the write is fenced, when the storage can
 * never store the events, or by `stop`.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  /** The events gathered during a write. */
  #gathering: Gathering | null = null;
  /** The number of events in the current write; null while there is none. */
  #writing: number | null = null;
  #isTroubled = false;
  #failure: Error | null = null;
  readonly #stopped = new AbortController();

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** True while the last write has failed and is being retried. */
  get isTroubled(): boolean {
    return this.#isTroubled;
  }

  /** The number of events that wait for their commit. */
  get pending(): number {
    return (this.#writing ?? 0) + (this.#gathering?.appended.length ?? 0);
  }

  /** Returns nothing when the events are committed already, else a promise that resolves when they are. */
  commit(appended: Appended[], keys: string[] = []): void | Promise<void> {
    if (this.#failure) return ignorable(Promise.reject(this.#failure));
    // Gathered events come first, also before an event that is appended while a commit is published.
    if (this.#writing !== null || this.#gathering) {
      this.#gathering ??= createGathering();
      this.#gathering.appended.push(...appended);
      this.#gathering.keys.push(...keys);
      this.#gathering.calls += 1;
      return this.#gathering.committed;
    }
    return this.#commitGroup(appended, keys, 1);
  }

  /** Stops retrying. Events that are not committed yet are never committed by this log. */
  stop(): void {
    this.#stopped.abort();
  }

  /** @param calls the number of calls of `commit` that the events are from */
  #commitGroup(appended: Appended[], keys: string[], calls: number): void | Promise<void> {
    const append = this.#options.createAppend(appended, keys);
    const startedAt = performance.now();
    const written = this.#write(append);
    const onCommitted = () => this.#options.onCommitted(appended, performance.now() - startedAt);
    if (written) return ignorable(this.#finish(appended, append, written, calls, onCommitted));
    onCommitted();
  }

  #write(append: EventAppend): void | Promise<void> {
    try {
      return this.#options.write(append);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #finish(
    appended: readonly Appended[],
    append: EventAppend,
    written: Promise<void>,
    calls: number,
    onCommitted: () => void,
  ): Promise<void> {
    this.#writing = appended.length;
    try {
      await this.#persist(append, written, calls);
    } finally {
      this.#writing = null;
    }
    try {
      onCommitted();
    } finally {
      // Whatever a receiver of these events throws, the next ones are written.
      this.#commitGathered();
    }
  }

  async #persist(append: EventAppend, written: Promise<void>, calls: number): Promise<void> {
    const begun = [written];
    try {
      await retry(() => begun.pop() ?? this.#write(append), {
        signal: this.#stopped.signal,
        isFinal,
        onFailure: () => {
          this.#isTroubled = true; // reported by the storage's guard
        },
      });
      this.#isTroubled = false;
    } catch (error) {
      const failure = this.#fail(error);
      // Among the events of several calls, it is not known which one the storage rejects.
      throw error instanceof UnstorableError && calls === 1 ? new NotStorableError(error) : failure;
    }
  }

  #commitGathered(): void {
    const group = this.#gathering;
    if (!group) return;
    this.#gathering = null;
    const committed = this.#commitGroup(group.appended, group.keys, group.calls);
    if (committed) committed.then(group.resolve, group.reject);
    else group.resolve();
  }

  #fail(cause: unknown): Error {
    const failure = this.#options.onFailure(cause);
    this.#failure = failure;
    this.#gathering?.reject(failure);
    this.#gathering = null;
    return failure;
  }
}

/** Returns true for an error that a retry cannot fix. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof FencedError || error instanceof RangeError || error instanceof UnstorableError
  );
}

/** Node 20 has no `Promise.withResolvers`. */
function createGathering(): Gathering {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const committed = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { appended: [], keys: [], calls: 0, committed: ignorable(committed), resolve, reject };
}

/** Not every appender waits for its commit; `onFailure` reports a failure in any case. */
function ignorable(committed: Promise<void>): Promise<void> {
  committed.catch(() => undefined);
  return committed;
}
