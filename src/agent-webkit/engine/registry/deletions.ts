import { retry } from '../timing/retry.js';
import type { SessionDependencies } from '../session/session-dependencies.js';
import { createSessionEvent } from '../session-event.js';
import type { SessionRecord } from '../storage.js';
import { type Deleted, forgetSession, readConversations } from './forget-session.js';

/** The removal of what is left of a deleted session. */
export interface Removal {
  /** The owner of the session. */
  readonly owner: string;
  /** Resolves when the agent is gone, and its files are removed. */
  readonly prepared: Promise<void>;
  /** Resolves when everything is removed. Rejects when this server stops first. */
  readonly done: Promise<void>;
}

/**
 * Removes deleted sessions, completely, whatever fails meanwhile.
 *
 * A deletion is decided by the commit of the event `done`. Before it, the session exists, for clients
 * and after a restart. After it, the session does not exist for any client, and what is left is removed
 * in the background, with retries until it succeeds: first the files of its agents, then the stored
 * data. A server that ends before leaves an unfinished session that ends with `done`: the next server
 * that loads it, or that looks for unfinished sessions, removes it.
 */
export class Deletions {
  readonly #deps: Pick<SessionDependencies, 'sdkFactory' | 'storage' | 'logger'>;
  readonly #removals = new Map<string, Removal>();
  readonly #stopped = new AbortController();

  constructor(deps: Pick<SessionDependencies, 'sdkFactory' | 'storage' | 'logger'>) {
    this.#deps = deps;
  }

  /** Returns the removal of a session that has not ended yet. */
  get(id: string): Removal | undefined {
    return this.#removals.get(id);
  }

  /**
   * Removes what is left of a session whose `done` is committed, or returns the removal that runs.
   *
   * @param later the conversations after the first one; null to read them from the storage
   * @param agentGone resolves when its agent is gone, or takes too long: a stopping agent still writes
   */
  remove(
    session: Deleted,
    later: readonly string[] | null,
    agentGone: Promise<unknown> = Promise.resolve(),
  ): Removal {
    const known = this.#removals.get(session.id);
    if (known) return known;
    const prepared = agentGone.then(() => this.#forget(session, later));
    const done = prepared.then(() => this.#deleteStored(session.id));
    const removal: Removal = { owner: session.owner, prepared, done };
    this.#removals.set(session.id, removal);
    void this.#untilDone(session.id, done);
    return removal;
  }

  /** Deletes the record of a session of which no client knows. Resolves when it is deleted, or this server stops. */
  async discard(id: string): Promise<void> {
    await this.#deleteStored(id).catch(() => undefined);
  }

  /**
   * Decides the deletion of a session that this server has claimed and not loaded: commits its `done`.
   *
   * @throws StorageUnavailableError when that is unknown
   */
  async decide({ id, epoch, log }: SessionRecord): Promise<void> {
    const done = createSessionEvent(
      log.lastSeq + 1,
      { event: 'done', data: {} },
      new Date().toISOString(),
    );
    await this.#deps.storage.events.append({
      sessionId: id,
      epoch,
      events: [done],
      keys: [],
      isUnfinished: true,
      summary: { firstSeq: log.firstSeq, costUsd: log.costUsd },
    });
  }

  /** Stops retrying. Resolves when no removal can make progress without the storage any more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.allSettled([...this.#removals.values()].map(({ done }) => done));
  }

  async #forget(session: Deleted, later: readonly string[] | null): Promise<void> {
    const { sdkFactory, storage } = this.#deps;
    if (!sdkFactory.forget) return;
    const read = () => this.#untilAnswered(() => readConversations(storage.events, session.id));
    await forgetSession(this.#deps, session, later ?? (await read()));
  }

  #deleteStored(id: string): Promise<void> {
    return this.#untilAnswered(() => this.#deps.storage.records.delete(id));
  }

  #untilAnswered<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    return retry(call, {
      signal: this.#stopped.signal,
      isFinal: () => false,
      onFailure: () => undefined, // reported by the storage's guard
    });
  }

  async #untilDone(id: string, done: Promise<void>): Promise<void> {
    try {
      await done;
    } catch {
      // This server stops. The next one continues.
    }
    this.#removals.delete(id);
  }
}
