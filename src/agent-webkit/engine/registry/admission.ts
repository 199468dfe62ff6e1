import { StorageUnavailableError, TooManyCreationsError, TooManySessionsError } from '../errors.js';
import type { SessionRecord, SessionRecordStore } from '../storage.js';
import type { StorageWait } from '../storage-guard/storage-wait.js';
import type { Deletions } from './deletions.js';

export interface AdmissionLimits {
  /** Maximum number of sessions of one owner. */
  maxSessionsPerOwner: number;
  /** Maximum number of sessions that one owner may create on this server within a minute. */
  maxCreationsPerMinute: number;
}

const MINUTE_MS = 60_000;

/** Limits the number of sessions of each owner, and the rate of their creation. */
export class Admission {
  readonly #records: SessionRecordStore;
  readonly #deletions: Pick<Deletions, 'discard'>;
  readonly #limits: AdmissionLimits;
  /** By owner, the times of the creations of the last minute, as `performance.now()`. */
  readonly #recent = new Map<string, number[]>();
  /** By owner, the last admission. The next one waits for it. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(
    records: SessionRecordStore,
    deletions: Pick<Deletions, 'discard'>,
    limits: AdmissionLimits,
  ) {
    this.#records = records;
    this.#deletions = deletions;
    this.#limits = limits;
  }

  /**
   * Stores a new session's record, or returns the record stored before with the same key. Admissions of
   * one owner run one after the other, so that concurrent ones cannot exceed the limit. One whose request
   * has been rejected before its turn stores nothing.
   *
   * @throws TooManySessionsError, TooManyCreationsError
   */
  async admit(
    record: SessionRecord,
    key: string | null,
    wait: Pick<StorageWait, 'isOver'>,
  ): Promise<SessionRecord> {
    const { owner } = record;
    this.#countCreation(owner);
    const before = this.#last.get(owner);
    const admitted = (async () => {
      await before?.catch(() => undefined);
      if (wait.isOver) throw new StorageUnavailableError(null);
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
    const stored = await this.#records.create(record, key);
    if (stored.id !== record.id) return stored;
    const count = await this.#records.count(record.owner);
    const { maxSessionsPerOwner } = this.#limits;
    if (count <= maxSessionsPerOwner) return stored;
    await this.#deletions.discard(record.id);
    throw new TooManySessionsError(maxSessionsPerOwner);
  }

  #countCreation(owner: string): void {
    const now = performance.now();
    const { maxCreationsPerMinute } = this.#limits;
    // Owners are in the order of their last creation; the entries before the first recent one have expired.
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
