/** The holder of an agent slot, or a candidate for one. */
export interface SlotHolder {
  /** When the holder's agent became idle, as `performance.now()`; null while it works. */
  readonly idleSince: number | null;
  /** Stops the agent, which then releases its slot. */
  evict(): Promise<void>;
}

/**
 * The agent slots of this server. When all slots are taken, a new agent gets the slot of the agent
 * that has been idle for longest. When no agent is idle, the new one waits.
 */
export class AgentSlots {
  readonly #max: number;
  readonly #holders = new Set<SlotHolder>();
  readonly #waiting: { holder: SlotHolder; resolve: (hasSlot: boolean) => void }[] = [];
  /** Holders that are being evicted and still have their slot. */
  readonly #evicting = new Set<SlotHolder>();

  constructor(max: number) {
    this.#max = max;
  }

  get max(): number {
    return this.#max;
  }

  /** True when one more agent would have to wait for an agent that works. */
  get areBusy(): boolean {
    const free = this.#max - this.#holders.size + this.#evicting.size - this.#waiting.length;
    return free <= 0 && this.#findIdle() === null;
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
    if (!next) return;
    this.#holders.add(next.holder);
    next.resolve(true);
  }

  /** Evicts an idle agent if a holder waits for a slot. Call it when an agent may have become idle. */
  evictIdle(): void {
    if (this.#waiting.length <= this.#evicting.size) return;
    const idle = this.#findIdle();
    if (!idle) return;
    this.#evicting.add(idle);
    void idle.evict();
  }

  #findIdle(): SlotHolder | null {
    let longest: SlotHolder | null = null;
    for (const holder of this.#holders) {
      if (holder.idleSince === null || this.#evicting.has(holder)) continue;
      if (longest?.idleSince == null || holder.idleSince < longest.idleSince) longest = holder;
    }
    return longest;
  }
}
