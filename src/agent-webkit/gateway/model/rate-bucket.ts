/**
 * A limit for each minute, as a bucket that is full at first and is refilled evenly. More can be taken
 * than is left, because the size of a response is known only afterwards; the debt is waited for.
 */
export class RateBucket {
  readonly #perMinute: number;
  readonly #now: () => number;
  #left: number;
  #at: number;

  /** @param now the time in milliseconds, from any begin */
  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.#perMinute = perMinute;
    this.#now = now;
    this.#left = perMinute;
    this.#at = now();
  }

  /** How long until one more can be taken, in whole seconds; 0 for now. */
  get waitS(): number {
    this.#refill();
    return this.#left >= 1 ? 0 : Math.ceil(((1 - this.#left) * 60) / this.#perMinute);
  }

  /** True when nothing was taken, or all of it was refilled. */
  get isFull(): boolean {
    this.#refill();
    return this.#left >= this.#perMinute;
  }

  take(amount: number): void {
    this.#refill();
    this.#left -= amount;
  }

  #refill(): void {
    const now = this.#now();
    const refilled = ((now - this.#at) / 60_000) * this.#perMinute;
    this.#left = Math.min(this.#perMinute, this.#left + refilled);
    this.#at = now;
  }
}
