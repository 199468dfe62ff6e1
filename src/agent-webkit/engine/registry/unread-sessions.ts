import type { SessionRecordStore } from '../storage.js';

/**
 * The sessions that this server has claimed and not loaded, because they could not be read or were
 * reset. No other server resumes them while this one lives.
 */
export class UnreadSessions {
  readonly #records: Pick<SessionRecordStore, 'get'>;
  /** The epochs at which they were claimed, by id. */
  readonly #epochs = new Map<string, number>();
  /** The ids of those whose storage could not store an event, until they are restored. */
  readonly #reset = new Set<string>();

  constructor(records: Pick<SessionRecordStore, 'get'>) {
    this.#records = records;
  }

  add(id: string, epoch: number): void {
    this.#epochs.set(id, epoch);
  }

  /** Adds a session that continues without an event that could not be stored. */
  addReset(id: string, epoch: number): void {
    this.add(id, epoch);
    this.#reset.add(id);
  }

  /** Removes a session that is loaded, or belongs to another server. */
  delete(id: string): void {
    this.#epochs.delete(id);
    this.#reset.delete(id);
  }

  isReset(id: string): boolean {
    return this.#reset.has(id);
  }

  /**
   * Returns the ids of those that this server still owns.
   *
   * @param isHeld true for a session that is being restored, which is left out
   */
  async owned(isHeld: (id: string) => boolean): Promise<string[]> {
    const ids: string[] = [];
    for (const [id, epoch] of this.#epochs) {
      if (isHeld(id)) continue;
      // oxlint-disable-next-line no-await-in-loop -- there are few, if any
      const record = await this.#records.get(id);
      if (record?.epoch === epoch) ids.push(id);
      else if (this.#epochs.get(id) === epoch) this.delete(id);
    }
    return ids;
  }
}
