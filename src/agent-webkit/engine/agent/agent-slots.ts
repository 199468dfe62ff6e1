/** What has an agent, or wants one. */
export interface SlotHolder {
  /** Since when its agent has had nothing to do, as `performance.now()`; null while it is at work. */
  readonly idleSince: number | null;
  /** Ends the agent, whose slot is then given back. */
  sleep(): Promise<void>;
}

/**
 * How many agents may run on this server. When all slots are taken, the agent that has been idle
 * for longest is put to sleep for the next one; when none is idle, that one waits its turn.
 */
export class AgentSlots {
  readonly #max: number;
  readonly #holders = new Set<SlotHolder>();
  readonly #waiting: { holder: SlotHolder; resolve: (hasSlot: boolean) => void }[] = [];
  /** Those that were put to sleep and still have their slot. */
  readonly #leaving = new Set<SlotHolder>();

  constructor(max: number) {
    this.#max = max;
  }

  get max(): number {
    return this.#max;
  }

  /** Whether another one would have to wait for an agent that is at work. */
  get areBusy(): boolean {
    const free = this.#max - this.#holders.size + this.#leaving.size - this.#waiting.length;
    return free <= 0 && this.#findIdle() === null;
  }

  /** Whether one can be had without anybody losing theirs. */
  get hasFree(): boolean {
    return this.#holders.size < this.#max && this.#waiting.length === 0;
  }

  /** Resolves when the holder has a slot, or to false when it gave up waiting for one. */
  take(holder: SlotHolder): Promise<boolean> {
    if (this.hasFree) {
      this.#holders.add(holder);
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      this.#waiting.push({ holder, resolve });
      this.makeRoom();
    });
  }

  /** To be called when a holder wants no slot any more, so that none is made free for it. */
  giveUp(holder: SlotHolder): void {
    const index = this.#waiting.findIndex((waiting) => waiting.holder === holder);
    if (index === -1) return;
    for (const { resolve } of this.#waiting.splice(index, 1)) resolve(false);
  }

  /** To be called when an agent is gone. */
  free(holder: SlotHolder): void {
    this.#leaving.delete(holder);
    if (!this.#holders.delete(holder)) return;
    const next = this.#waiting.shift();
    if (!next) return;
    this.#holders.add(next.holder);
    next.resolve(true);
  }

  /** To be called when an agent may have become idle: others may wait for its slot. */
  makeRoom(): void {
    if (this.#waiting.length <= this.#leaving.size) return;
    const idle = this.#findIdle();
    if (!idle) return;
    this.#leaving.add(idle);
    void idle.sleep();
  }

  #findIdle(): SlotHolder | null {
    let longest: SlotHolder | null = null;
    for (const holder of this.#holders) {
      if (holder.idleSince === null || this.#leaving.has(holder)) continue;
      if (longest?.idleSince == null || holder.idleSince < longest.idleSince) longest = holder;
    }
    return longest;
  }
}
