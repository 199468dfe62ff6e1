import { IDEMPOTENCY_KEY_TTL_MS } from './storage.js';

const MAX_KEYS = 10_000;

/**
 * The idempotency keys that were accepted, so that a retry gets the first result and has no effect.
 * Bounded in number and age; the oldest are dropped first.
 */
export class IdempotencyKeys<Value> {
  readonly #maxKeys: number;
  readonly #maxAgeMs: number;
  /** By key, the result, and when the call was made, as `performance.now()`. */
  readonly #entries = new Map<string, { value: Promise<Value>; at: number }>();

  constructor(maxKeys = MAX_KEYS, maxAgeMs = IDEMPOTENCY_KEY_TTL_MS) {
    this.#maxKeys = maxKeys;
    this.#maxAgeMs = maxAgeMs;
  }

  /**
   * Runs `accept`, or returns the result of the first call with this key, also while that call is
   * running. A call that fails is not remembered, because it accepted nothing.
   */
  once(key: string, accept: () => Promise<Value>): Promise<Value> {
    const known = this.#entries.get(key);
    if (known && performance.now() - known.at < this.#maxAgeMs) return known.value;
    const value = accept();
    this.#entries.delete(key);
    this.#entries.set(key, { value, at: performance.now() });
    value.catch(() => {
      if (this.#entries.get(key)?.value === value) this.#entries.delete(key);
    });
    this.#dropOldest();
    return value;
  }

  #dropOldest(): void {
    for (const [key, { at }] of this.#entries) {
      const isFresh = performance.now() - at < this.#maxAgeMs;
      if (isFresh && this.#entries.size <= this.#maxKeys) return;
      this.#entries.delete(key);
    }
  }
}
