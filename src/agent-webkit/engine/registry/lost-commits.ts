import type { Session } from '../session/session.js';
import type { SessionRecordStore } from '../storage.js';

/**
 * Notices that the storage has lost commits while this server runs, as in a failover to a standby that
 * is behind.
 *
 * A storage loses its last commits. So as long as it has the last commit of this server before any
 * moment, it had lost none at that moment. That commit is the newest one at the last check, or one of
 * those since: they are looked up, one for each session. Only when one is missing, or an append shows
 * that events are lost, each session in memory is compared with the storage.
 */
export class LostCommits {
  readonly #records: SessionRecordStore;
  /** The seq of the last commit of each session since the last check, and the newest one before; the newest last. */
  readonly #commits = new Map<string, number>();
  #isSuspected = false;

  constructor(records: SessionRecordStore) {
    this.#records = records;
  }

  /** Records a commit of this server. */
  committed(sessionId: string, seq: number): void {
    this.#commits.delete(sessionId);
    this.#commits.set(sessionId, seq);
  }

  /** Records the seq of the last stored event of a session that is restored into memory. */
  restored(sessionId: string, lastSeq: number): void {
    if (lastSeq < (this.#commits.get(sessionId) ?? 0)) this.suspect();
  }

  /** Forgets the commits of a session that is no longer in memory. */
  forget(sessionId: string): void {
    this.#commits.delete(sessionId);
  }

  /** Makes the next check compare each session: this server has lost one, maybe because its events were lost. */
  suspect(): void {
    this.#isSuspected = true;
  }

  /**
   * Compares the commits since the last check with the storage, and closes the sessions in memory of
   * which events are lost. Rejects when the storage cannot be read; the next check then repeats this one.
   *
   * @param sessions the sessions in memory
   */
  async check(sessions: Iterable<Promise<Session | null>>): Promise<void> {
    if (!this.#isSuspected && !(await this.#lacksCommit())) return;
    this.#isSuspected = true;
    this.#commits.clear();
    for (const held of sessions) {
      /* oxlint-disable no-await-in-loop -- one session at a time leaves the storage room for other work */
      const session = await held.catch(() => null);
      if (!session || session.endReason !== null) continue;
      if (await session.isTakenOver()) await session.checkOwnership();
      /* oxlint-enable no-await-in-loop */
    }
    this.#isSuspected = false;
  }

  async #lacksCommit(): Promise<boolean> {
    const commits = [...this.#commits];
    for (const [sessionId, seq] of commits) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time leaves the storage room for other work
      const record = await this.#records.get(sessionId);
      const isStored = record !== null && record.log.lastSeq >= seq;
      // The session may have been deleted during the read.
      if (!isStored && this.#commits.has(sessionId)) return true;
    }
    for (const [sessionId, seq] of commits.slice(0, -1)) {
      if (this.#commits.get(sessionId) === seq) this.#commits.delete(sessionId);
    }
    return false;
  }
}
