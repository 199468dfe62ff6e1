/** The holder of an agent slot, or a candidate for one. */
export interface SlotHolder {
  /** When the holder's agent became idle, as `performance.now()`; null while it works. */
  readonly idleSince: number | null;
  /** Since when the holder's agent has only background tasks, as `performance.now()`; null otherwise. */
  readonly backgroundSince?: number | null;
  /** Since when the holder's agent only waits for people who need no agent, as `performance.now()`; null otherwise. */
  readonly waitingSince?: number | null;
  /** Stops the agent, which then releases its slot. */
  evict(): Promise<void>;
}

/**
 * The agent slots of this server. When all slots are taken, a new agent gets the slot of the agent
 * that has been idle for longest. When no agent is idle, it gets the slot of the agent that has waited for
 * people for longest, then of the agent that has had only background tasks for longest, if that is longer
 * than the grace period. Else the new one waits.
 */
export class AgentSlots {
  readonly #max: number;
  readonly #backgroundGraceMs: number | null;
  readonly #onFree: () => void;
  readonly #holders = new Set<SlotHolder>();
  readonly #waiting: { holder: SlotHolder; resolve: (hasSlot: boolean) => void }[] = [];
  /** Holders that are being evicted and still have their slot. */
  readonly #evicting = new Set<SlotHolder>();
  /** Runs while a holder waits and a grace period is not over. */
  #graceTimer: NodeJS.Timeout | undefined;

  /**
   * @param backgroundGraceMs how long an agent with only background tasks keeps its slot, in milliseconds; null for no limit
   * @param onFree called when there may be more {@link free} slots than before
   */
  constructor(
    max: number,
    backgroundGraceMs: number | null = null,
    onFree: () => void = () => undefined,
  ) {
    this.#max = max;
    this.#backgroundGraceMs = backgroundGraceMs;
    this.#onFree = onFree;
  }

  get max(): number {
    return this.#max;
  }

  /** The number of holders that wait for a slot. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** True when one more agent would have to wait for an agent that works. */
  get areBusy(): boolean {
    return this.#unclaimed <= 0 && this.#findEvictable() === null;
  }

  /** How many more agents could start now, each without waiting for an agent that works. */
  get free(): number {
    let evictable = 0;
    for (const holder of this.#holders) if (this.#isEvictable(holder)) evictable += 1;
    return Math.max(0, this.#unclaimed + evictable);
  }

  /** The number of slots that are or become free, without those for which a holder waits. */
  get #unclaimed(): number {
    return this.#max - this.#holders.size + this.#evicting.size - this.#waiting.length;
  }

  /** True when a slot is available without evicting an agent. */
  get hasFree(): boolean {
    return this.#holders.size < this.#max && this.#waiting.length === 0;
  }

  /** Resolves to true when the holder has a slot, or to false when {@link cancel} ended its wait. */
  acquire(holder: SlotHolder): Promise<boolean> {
    if (this.hasFree) {
      this.#holders.add(holder);
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      this.#waiting.push({ holder, resolve });
      this.evictIdle();
    });
  }

  /** Ends the holder's wait for a slot, so that no agent is evicted for it. */
  cancel(holder: SlotHolder): void {
    const index = this.#waiting.findIndex((waiting) => waiting.holder === holder);
    if (index === -1) return;
    for (const { resolve } of this.#waiting.splice(index, 1)) resolve(false);
  }

  /** Releases the slot of an agent that is gone. The next holder that waits gets it. */
  release(holder: SlotHolder): void {
    this.#evicting.delete(holder);
    if (!this.#holders.delete(holder)) return;
    const next = this.#waiting.shift();
    if (!next) return this.#onFree();
    this.#holders.add(next.holder);
    next.resolve(true);
  }

  /** Evicts an agent if a holder waits for a slot. Call it when an agent may have become idle. */
  evictIdle(): void {
    clearTimeout(this.#graceTimer);
    if (this.#waiting.length === 0) this.#onFree();
    while (this.#waiting.length > this.#evicting.size) {
      const holder = this.#findEvictable();
      if (!holder) return this.#awaitGrace();
      this.#evicting.add(holder);
      void holder.evict();
    }
  }

  #findEvictable(): SlotHolder | null {
    const idle = this.#findLongest(({ idleSince }) => idleSince);
    if (idle) return idle;
    const waiting = this.#findLongest(({ waitingSince }) => waitingSince ?? null);
    if (waiting) return waiting;
    const inBackground = this.#findLongest(({ backgroundSince }) => backgroundSince ?? null);
    return inBackground && this.#graceLeft(inBackground) <= 0 ? inBackground : null;
  }

  /** Returns the holder with the earliest time, without those that are being evicted. */
  #findLongest(since: (holder: SlotHolder) => number | null): SlotHolder | null {
    let longest: { holder: SlotHolder; at: number } | null = null;
    for (const holder of this.#holders) {
      const at = since(holder);
      if (at === null || this.#evicting.has(holder)) continue;
      if (!longest || at < longest.at) longest = { holder, at };
    }
    return longest?.holder ?? null;
  }

  #isEvictable(holder: SlotHolder): boolean {
    if (this.#evicting.has(holder)) return false;
    const { idleSince, waitingSince = null } = holder;
    return idleSince !== null || waitingSince !== null || this.#graceLeft(holder) <= 0;
  }

  #graceLeft({ backgroundSince }: SlotHolder): number {
    if (this.#backgroundGraceMs === null || backgroundSince == null) return Infinity;
    return backgroundSince + this.#backgroundGraceMs - performance.now();
  }

  /** Evicts again when the next grace period is over. */
  #awaitGrace(): void {
    const next = this.#findLongest(({ backgroundSince }) => backgroundSince ?? null);
    const left = next ? this.#graceLeft(next) : Infinity;
    if (left === Infinity) return;
    this.#graceTimer = setTimeout(() => this.evictIdle(), Math.ceil(left)).unref();
  }
}
