import type { Session } from '../session/session.js';
import type { SessionRecordStore } from '../storage.js';

/**
 * Notices that the storage has lost commits while this server runs, as in a failover to a standby that
 * is behind.
 *
 * A storage loses its last commits. So one read at a time is enough: as long as the storage has the last
 * commit of this server, it has all of them. When it lacks that one, each session in memory is compared
 * with the storage, and closed if events of it are lost.
 */
export class LostCommits {
  readonly #records: SessionRecordStore;
  /** The session of the last commit; empty when it is not known. */
  #sessionId = '';
  #seq = 0;

  constructor(records: SessionRecordStore) {
    this.#records = records;
  }

  /** Records the last commit of this server. */
  committed(sessionId: string, seq: number): void {
    this.#sessionId = sessionId;
    this.#seq = seq;
  }

  /** Forgets a session that was deleted, or that this server has lost. */
  forget(sessionId: string): void {
    if (this.#sessionId === sessionId) this.#sessionId = '';
  }

  /**
   * Compares the last commit with the storage.
   *
   * @param sessions the sessions in memory
   */
  async check(sessions: Iterable<Promise<Session | null>>): Promise<void> {
    const [sessionId, seq] = [this.#sessionId, this.#seq];
    if (sessionId === '') return;
    const record = await this.#records.get(sessionId);
    if (record && record.log.lastSeq >= seq) return;
    this.forget(sessionId);
    for (const held of sessions) {
      // oxlint-disable-next-line no-await-in-loop -- one session at a time leaves the storage room for other work
      const session = await held.catch(() => null);
      // oxlint-disable-next-line no-await-in-loop -- as above
      await session?.checkOwnership();
    }
  }
}
