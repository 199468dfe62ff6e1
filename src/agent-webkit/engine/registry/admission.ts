import { answered } from '../answered.js';
import { TooManyCreationsError, TooManySessionsError } from '../errors.js';
import type { SessionRecord, SessionRecordStore } from '../storage.js';

export interface AdmissionLimits {
  /** Maximum number of sessions of one owner. */
  maxSessionsPerOwner: number;
  /** Maximum number of sessions that one owner may create on this server within a minute. */
  maxCreationsPerMinute: number;
}

const MINUTE_MS = 60_000;

/** Lets an owner create no more sessions, and no faster, than is allowed. */
export class Admission {
  readonly #records: SessionRecordStore;
  readonly #limits: AdmissionLimits;
  /** By owner, when the sessions of the last minute were asked for, in milliseconds since 1970. */
  readonly #recent = new Map<string, number[]>();
  /** By owner, the last session that was admitted or refused: the next one is counted after it. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(records: SessionRecordStore, limits: AdmissionLimits) {
    this.#records = records;
    this.#limits = limits;
  }

  /**
   * Stores a new session's record, or returns the one that the same key stored before. One after
   * the other for each owner, so that the limit is not passed by many at once.
   *
   * @throws TooManySessionsError, TooManyCreationsError
   */
  async admit(record: SessionRecord, key: string | null): Promise<SessionRecord> {
    const { owner } = record;
    this.#countCreation(owner);
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
    const { maxSessionsPerOwner } = this.#limits;
    if (count <= maxSessionsPerOwner) return stored;
    await answered(this.#records.delete(record.id));
    throw new TooManySessionsError(maxSessionsPerOwner);
  }

  #countCreation(owner: string): void {
    const now = Date.now();
    const { maxCreationsPerMinute } = this.#limits;
    // Owners are in the order of their last creation; those before the first recent one are done with.
    for (const [known, times] of this.#recent) {
      if (now - (times.at(-1) ?? 0) < MINUTE_MS) break;
      this.#recent.delete(known);
    }
    const recent = (this.#recent.get(owner) ?? []).filter((at) => now - at < MINUTE_MS);
    const [oldest = now] = recent;
    if (recent.length >= maxCreationsPerMinute) {
      const retryAfterSeconds = Math.ceil((oldest + MINUTE_MS - now) / 1000);
      throw new TooManyCreationsError(maxCreationsPerMinute, retryAfterSeconds);
    }
    this.#recent.delete(owner);
    this.#recent.set(owner, [...recent, now]);
  }
}
