import { ApiError } from './api-error.js';

/** The delays between attempts, in milliseconds. */
export interface BackoffOptions {
  /** The longest delay after the first failure. It doubles with each further one. @default 1000 */
  readonly minMs?: number;
  /** The longest delay of all. @default 30000 */
  readonly maxMs?: number;
}

/** A failed attempt that is repeated. */
export interface Retry {
  /** The delay until the next attempt, in milliseconds. */
  readonly delayMs: number;
  /** The number of failures in a row. */
  readonly failures: number;
  readonly error: unknown;
}

export interface RetryOptions {
  /** Ends the attempts. The call then rejects with the last error, or with the reason of the signal. */
  readonly signal?: AbortSignal;
  /** Called before each delay, to show why it takes longer. */
  readonly onRetry?: (retry: Retry) => void;
}

interface Attempts extends RetryOptions {
  /** The number of attempts in all; Infinity for no limit. */
  readonly max: number;
  readonly backoff: BackoffOptions | undefined;
}

/** The longest time for which a server can make a client wait, in milliseconds. */
const MAX_RETRY_AFTER_MS = 5 * 60_000;

/** The delays between attempts: they grow, and are random, so that many clients do not come back at once. */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  #failures = 0;

  constructor({ minMs = 1000, maxMs = 30_000 }: BackoffOptions = {}) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
  }

  /** The number of failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  reset(): void {
    this.#failures = 0;
  }

  /** Returns the delay after another failure. It is never shorter than the server asks for. */
  next(error: unknown): number {
    const longest = Math.min(this.#maxMs, this.#minMs * 2 ** this.#failures);
    this.#failures += 1;
    const jittered = longest * (0.5 + Math.random() / 2);
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(jittered, Math.min(asked, MAX_RETRY_AFTER_MS) + (asked > 0 ? jittered / 4 : 0));
  }
}

/** Resolves after a time, when the browser is online again, or when the signal aborts. */
export function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    // Undefined outside browsers.
    const page = globalThis as Partial<
      Pick<EventTarget, 'addEventListener' | 'removeEventListener'>
    >;
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      page.removeEventListener?.('online', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    page.addEventListener?.('online', end);
  });
}

/** A signal that never aborts. */
export const NEVER: AbortSignal = new AbortController().signal;

/**
 * Repeats an attempt that failed for a reason that may pass: the network, or a temporary refusal.
 *
 * @throws the error of the last attempt, or of the first one that cannot succeed later
 */
export async function retry<Result>(
  attempt: () => Promise<Result>,
  { max, backoff: delays, signal = NEVER, onRetry = () => undefined }: Attempts,
): Promise<Result> {
  const backoff = new Backoff(delays);
  signal.throwIfAborted();
  for (;;) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- attempts follow one another
      return await attempt();
    } catch (error) {
      if (signal.aborted || !mayPass(error)) throw error;
      if (backoff.failures + 1 >= max) throw error;
      const delayMs = backoff.next(error);
      onRetry({ delayMs, failures: backoff.failures, error });
      // oxlint-disable-next-line no-await-in-loop -- as above
      await delay(delayMs, signal);
      if (signal.aborted) throw error;
    }
  }
}

/** Returns true for a failure after which the same request may succeed. */
export function mayPass(error: unknown): boolean {
  return !(error instanceof ApiError) || error.isTemporary;
}
