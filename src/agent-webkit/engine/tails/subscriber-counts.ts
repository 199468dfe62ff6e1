import type { ClusterStore } from '../cluster.js';

export interface SubscriberCountsOptions {
  readonly cluster: Pick<ClusterStore, 'setSubscribers'>;
  /** Returns how many subscribers a session has on this server. */
  readonly count: (sessionId: string) => Promise<number>;
  /** Returns true while another server could ask for the numbers. */
  readonly hasOthers: () => boolean;
}

/** How often changed numbers are stored, in milliseconds. */
const INTERVAL_MS = 2000;
/** How many numbers one query stores. */
const MAX_COUNTS = 1000;

/** Stores how many subscribers sessions have on this server, so that other servers can add theirs. */
export class SubscriberCounts {
  readonly #options: SubscriberCountsOptions;
  readonly #changed = new Set<string>();
  /** The sessions whose stored number is not 0. */
  readonly #stored = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #storedAt = -Infinity;
  #isClosed = false;

  constructor(options: SubscriberCountsOptions) {
    this.#options = options;
  }

  /** Records that the number of subscribers of a session has changed. */
  changed(sessionId: string): void {
    if (this.#isClosed) return;
    this.#changed.add(sessionId);
    const elapsedMs = performance.now() - this.#storedAt;
    const waitMs = Math.max(0, INTERVAL_MS - elapsedMs);
    this.#timer ??= setTimeout(() => void this.#store(), waitMs).unref();
  }

  /** Stores all numbers again, because they ended with a lease that had lapsed. */
  lost(): void {
    for (const id of this.#stored) this.changed(id);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #store(): Promise<void> {
    const { hasOthers } = this.#options;
    this.#storedAt = performance.now();
    const ids = [...this.#changed].slice(0, MAX_COUNTS);
    for (const id of ids) this.#changed.delete(id);
    const counts = await this.#count(ids);
    const isStored = counts.size === 0 || (hasOthers() && (await this.#tryToStore(counts)));
    for (const [id, count] of counts) {
      if (!isStored) this.#changed.add(id);
      else if (count > 0) this.#stored.add(id);
      else this.#stored.delete(id);
    }
    this.#timer = undefined;
    const [next] = this.#changed;
    if (next !== undefined) this.changed(next);
  }

  async #tryToStore(counts: ReadonlyMap<string, number>): Promise<boolean> {
    try {
      await this.#options.cluster.setSubscribers(counts);
      return true;
    } catch {
      return false; // reported by the storage's guard
    }
  }

  async #count(ids: readonly string[]): Promise<Map<string, number>> {
    const counts = await Promise.all(ids.map((id) => this.#options.count(id)));
    const pairs = ids.map((id, index) => [id, counts[index] ?? 0] as const);
    return new Map(pairs.filter(([id, count]) => count > 0 || this.#stored.has(id)));
  }
}
