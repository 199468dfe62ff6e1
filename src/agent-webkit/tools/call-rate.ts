import type { ToolRateLimit } from './agent-tool.decorator.js';

/** The callers whose calls are counted at most. The one with the oldest call is forgotten first. */
const MAX_CALLERS = 10_000;

/** Counts the calls of a tool by each caller in a sliding window. */
export class CallRate {
  readonly #limit: ToolRateLimit;
  readonly #now: () => number;
  /** The times of the last calls of each caller, the oldest first, at most `calls` of them. */
  readonly #calls = new Map<string, number[]>();

  /** @param now in milliseconds, of a clock that never goes back */
  constructor(limit: ToolRateLimit, now: () => number = () => performance.now()) {
    this.#limit = limit;
    this.#now = now;
  }

  /** Counts a call, and returns 0; or how long to wait, in milliseconds, when it is one too many. */
  take(callerId: string): number {
    const { calls, perMs } = this.#limit;
    const now = this.#now();
    const times = (this.#calls.get(callerId) ?? []).filter((time) => time > now - perMs);
    const [oldest] = times;
    if (oldest !== undefined && times.length >= calls) return Math.ceil(oldest + perMs - now);
    this.#calls.delete(callerId);
    this.#calls.set(callerId, [...times, now]);
    const [first] = this.#calls.keys();
    if (this.#calls.size > MAX_CALLERS && first !== undefined) this.#calls.delete(first);
    return 0;
  }
}
