import { ApiError } from './api-error.js';
import { RateBucket } from './rate-bucket.js';

/** The processor time of the server for one session's requests, in milliseconds in a minute. */
const MS_PER_MINUTE = 3000;

/**
 * The processor time that the server spends on the checks of one session's requests. Without a bound, an agent
 * could keep the server from everything else by requests that take long to read.
 */
export class CheckTime {
  readonly #left: RateBucket;

  constructor(msPerMinute = MS_PER_MINUTE) {
    this.#left = new RateBucket(msPerMinute);
  }

  /** True when no time was taken, or all of it was refilled. */
  get isFull(): boolean {
    return this.#left.isFull;
  }

  /** @throws ApiError when the session has to wait */
  assertLeft(): void {
    const { waitS } = this.#left;
    if (waitS === 0) return;
    throw new ApiError(
      429,
      'rate_limit_error',
      `The requests of this session take too long to check. Try again in ${waitS} s.`,
      waitS,
    );
  }

  measure<Result>(work: () => Result): Result {
    const startedAt = performance.now();
    try {
      return work();
    } finally {
      this.#left.take(performance.now() - startedAt);
    }
  }
}
