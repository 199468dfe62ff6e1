const MAX_KEYS = 10_000;
const MAX_AGE_MS = 24 * 60 * 60 * 1000;

/**
 * The keys under which something was accepted, so that a retry is answered and does nothing.
 * Bounded in number and age; the oldest are forgotten first.
 */
export class IdempotencyKeys<Value> {
  readonly #maxKeys: number;
  readonly #maxAgeMs: number;
  readonly #entries = new Map<string, { value: Promise<Value>; at: number }>();

  constructor(maxKeys = MAX_KEYS, maxAgeMs = MAX_AGE_MS) {
    this.#maxKeys = maxKeys;
    this.#maxAgeMs = maxAgeMs;
  }

  /**
   * Runs `accept`, or returns what the first call with this key came to, also while that is under
   * way. A failure is not remembered: it accepted nothing.
   */
  once(key: string, accept: () => Promise<Value>): Promise<Value> {
    const known = this.#entries.get(key);
    if (known && Date.now() - known.at < this.#maxAgeMs) return known.value;
    const value = accept();
    this.#entries.delete(key);
    this.#entries.set(key, { value, at: Date.now() });
    value.catch(() => {
      if (this.#entries.get(key)?.value === value) this.#entries.delete(key);
    });
    this.#forgetOldest();
    return value;
  }

  #forgetOldest(): void {
    for (const [key, { at }] of this.#entries) {
      const isFresh = Date.now() - at < this.#maxAgeMs;
      if (isFresh && this.#entries.size <= this.#maxKeys) return;
      this.#entries.delete(key);
    }
  }
}
