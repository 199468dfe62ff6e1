import type { ClusterStore } from '../cluster.js';
import { StorageUnavailableError, TooManyCreationsError, TooManySessionsError } from '../errors.js';
import type { SessionRecord, SessionRecordStore, StorageProvider } from '../storage.js';
import type { StorageWait } from '../storage-guard/storage-wait.js';
import type { Deletions } from './deletions.js';

export interface AdmissionLimits {
  /** Maximum number of sessions of one owner. */
  maxSessionsPerOwner: number;
  /** Maximum number of sessions that one owner may create within a minute, on all servers that share the storage. */
  maxCreationsPerMinute: number;
}

const MINUTE_MS = 60_000;

/**
 * Limits the number of sessions of each owner, and the rate of their creation. Servers that share a storage
 * count the creations there, and the others in their memory.
 */
export class Admission {
  readonly #records: SessionRecordStore;
  readonly #deletions: Pick<Deletions, 'discard'>;
  readonly #limits: AdmissionLimits;
  /** By owner, the times of the creations of the last minute, as `performance.now()`. */
  readonly #recent = new Map<string, number[]>();
  /** By owner, the last admission. The next one waits for it. */
  readonly #last = new Map<string, Promise<unknown>>();

  readonly #cluster: Pick<ClusterStore, 'countCreation'> | undefined;

  constructor(
    { records, cluster }: Pick<StorageProvider, 'records' | 'cluster'>,
    deletions: Pick<Deletions, 'discard'>,
    limits: AdmissionLimits,
  ) {
    this.#records = records;
    this.#cluster = cluster;
    this.#deletions = deletions;
    this.#limits = limits;
  }

  /**
   * Stores a new session's record, or returns the record stored before with the same key. Admissions of
   * one owner run one after the other, so that concurrent ones cannot exceed the limit. One whose request
   * has been rejected before its turn stores nothing.
   *
   * @throws TooManySessionsError
   */
  async admit(
    record: SessionRecord,
    key: string | null,
    wait: Pick<StorageWait, 'isOver'>,
  ): Promise<SessionRecord> {
    const { owner } = record;
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

  /**
   * Counts a creation, before the first work for it. Returns nothing when this server alone counts it.
   *
   * @throws TooManyCreationsError
   */
  countCreation(owner: string): void | Promise<void> {
    const { maxCreationsPerMinute: limit } = this.#limits;
    const check = (leftMs: number | null) => {
      if (leftMs !== null) throw new TooManyCreationsError(limit, Math.ceil(leftMs / 1000));
    };
    if (this.#cluster) return this.#cluster.countCreation(owner, limit).then(check);
    return check(this.#countHere(owner, limit));
  }

  #countHere(owner: string, limit: number): number | null {
    const now = performance.now();
    // Owners are in the order of their last creation; the entries before the first recent one have expired.
    for (const [known, times] of this.#recent) {
      if (now - (times.at(-1) ?? 0) < MINUTE_MS) break;
      this.#recent.delete(known);
    }
    const recent = (this.#recent.get(owner) ?? []).filter((at) => now - at < MINUTE_MS);
    const [oldest = now] = recent;
    if (recent.length >= limit) return oldest + MINUTE_MS - now;
    this.#recent.delete(owner);
    this.#recent.set(owner, [...recent, now]);
    return null;
  }
}
