import { answered } from './answered.js';
import { TooManySessionsError } from './errors.js';
import type { SessionRecord, SessionRecordStore } from './storage.js';

/** Lets an owner create no more sessions than are allowed. */
export class Admission {
  readonly #records: SessionRecordStore;
  readonly #maxSessionsPerOwner: number;
  /** By owner, the last session that was admitted or refused: the next one is counted after it. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(records: SessionRecordStore, maxSessionsPerOwner: number) {
    this.#records = records;
    this.#maxSessionsPerOwner = maxSessionsPerOwner;
  }

  /**
   * Stores a new session's record, or returns the one that the same key stored before. One after
   * the other for each owner, so that the limit is not passed by many at once.
   *
   * @throws TooManySessionsError
   */
  async admit(record: SessionRecord, key: string | null): Promise<SessionRecord> {
    const { owner } = record;
    const before = this.#last.get(owner);
    const admitted = (async () => {
      await before?.catch(() => undefined);
      return this.#store(record, key);
    })();
    this.#last.set(owner, admitted);
    try {
      return await admitted;
    } finally {
      if (this.#last.get(owner) === admitted) this.#last.delete(owner);
    }
  }

  async #store(record: SessionRecord, key: string | null): Promise<SessionRecord> {
    const stored = await answered(this.#records.create(record, key));
    if (stored.id !== record.id) return stored;
    const count = await answered(this.#records.count(record.owner));
    if (count <= this.#maxSessionsPerOwner) return stored;
    await answered(this.#records.delete(record.id));
    throw new TooManySessionsError(this.#maxSessionsPerOwner);
  }
}
