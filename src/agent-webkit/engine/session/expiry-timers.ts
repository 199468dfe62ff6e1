/** The timers of requests that expire, by correlation id. */
export class ExpiryTimers {
  readonly #timers = new Map<string, NodeJS.Timeout>();

  /** Calls the function after a time, in milliseconds, unless the timer of this request runs already. */
  start(correlationId: string, afterMs: number, expire: () => void): void {
    if (this.#timers.has(correlationId)) return;
    const expired = () => {
      this.#timers.delete(correlationId);
      expire();
    };
    this.#timers.set(correlationId, setTimeout(expired, Math.max(0, afterMs)).unref());
  }

  stop(correlationId: string): void {
    clearTimeout(this.#timers.get(correlationId));
    this.#timers.delete(correlationId);
  }

  stopAll(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
