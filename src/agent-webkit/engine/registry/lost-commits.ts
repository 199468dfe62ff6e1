import type { Session } from '../session/session.js';
import type { SessionRecord, SessionRecordStore } from '../storage.js';

interface Commit {
  /** The seq of the last event that is known to be stored. */
  readonly seq: number;
  /** The epoch that was stored with it; null when only events were. */
  readonly epoch: number | null;
}

/**
 * Notices that the storage has lost commits while this server runs, as in a failover to a standby that
 * is behind.
 *
 * A storage loses its last commits. So as long as it has the last commit of the sessions in memory before
 * any moment, it had lost none of them at that moment. That commit is the newest one at the last check, or
 * one of those since: they are looked up, one for each session. Only when one is missing, or an append
 * shows that events are lost, each session in memory is compared with the storage.
 */
export class LostCommits {
  readonly #records: SessionRecordStore;
  /** The last commit of each session in memory, by id, the newest last. */
  readonly #commits = new Map<string, Commit>();
  /** The ids of those since the last check. */
  readonly #unchecked = new Set<string>();
  #isSuspected = false;

  constructor(records: SessionRecordStore) {
    this.#records = records;
  }

  /** Records a commit of a session in memory. */
  committed(sessionId: string, seq: number): void {
    this.#record(sessionId, { seq, epoch: null });
  }

  /** Records that this server has claimed a session, which enters memory. */
  claimed({ id, epoch, log }: SessionRecord): void {
    this.#record(id, { seq: log.lastSeq, epoch });
  }

  /** Forgets the commits of a session that is no longer in memory. */
  forget(sessionId: string): void {
    this.#commits.delete(sessionId);
    this.#unchecked.delete(sessionId);
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
    for (const held of sessions) {
      /* oxlint-disable no-await-in-loop -- one session at a time leaves the storage room for other work */
      const session = await held.catch(() => null);
      if (!session || session.endReason !== null) continue;
      if (await session.isTakenOver()) await session.checkOwnership();
      /* oxlint-enable no-await-in-loop */
    }
    this.#isSuspected = false;
  }

  #record(sessionId: string, commit: Commit): void {
    this.#commits.delete(sessionId);
    this.#commits.set(sessionId, commit);
    this.#unchecked.add(sessionId);
  }

  async #lacksCommit(): Promise<boolean> {
    const commits = [...this.#commits];
    const checked = commits.findLast(([id]) => !this.#unchecked.has(id));
    const unchecked = commits.filter(([id]) => this.#unchecked.has(id));
    for (const [id, { seq, epoch }] of checked ? [checked, ...unchecked] : unchecked) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time leaves the storage room for other work
      const record = await this.#records.get(id);
      const isStored =
        record !== null && record.log.lastSeq >= seq && (epoch ?? record.epoch) === record.epoch;
      // The session may have been deleted during the read.
      if (!isStored && this.#commits.has(id)) return true;
    }
    for (const [id, commit] of unchecked) {
      if (this.#commits.get(id) === commit) this.#unchecked.delete(id);
    }
    return false;
  }
}
