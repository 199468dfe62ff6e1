import { Logger } from '@nestjs/common';
import { ServerOverloadedError } from '../engine/errors.js';
import { countDescriptors, type DescriptorCount, NONE_LEFT } from './descriptor-count.js';

/** The number of file descriptors that no stream uses; a quarter of a limit that is below 256. */
const RESERVE = 64;
/** How long a count is valid while there are enough, in milliseconds. */
const MAX_AGE_MS = 1000;
/** How long a count is valid after which none were left, so that refusals cost little. */
const MIN_AGE_MS = 100;

/**
 * Keeps the last file descriptors of the process for everything but long-lived responses. Each of these
 * holds one for as long as it is open, so clients could take all of them. An agent could then not be
 * started, and no file could be opened.
 *
 * Each permitted response counts as one more until the next count.
 */
export class DescriptorReserve {
  readonly #logger = new Logger('AgentWebkit');
  readonly #count: () => DescriptorCount | null;
  /** The number of responses that are permitted until the next count. */
  #permits = 0;
  #countedAt = -Infinity;
  #isExhausted = false;
  #isReported = false;

  constructor(count: () => DescriptorCount | null = countDescriptors) {
    this.#count = count;
  }

  /**
   * Call this before a response that stays open, once for each.
   *
   * @throws ServerOverloadedError when only the reserve is left
   */
  check(): void {
    const age = performance.now() - this.#countedAt;
    const isValid = this.#permits > 0 ? age < MAX_AGE_MS : this.#isExhausted && age < MIN_AGE_MS;
    if (!isValid) this.#recount();
    if (this.#permits <= 0) throw new ServerOverloadedError();
    this.#permits -= 1;
  }

  #recount(): void {
    this.#countedAt = performance.now();
    const count = this.#count();
    const reserve = count === null ? 0 : Math.min(RESERVE, Math.ceil(count.limit / 4));
    const free = count === null ? Infinity : count.limit - count.used - reserve;
    // Other connections, agents and files take descriptors as well.
    this.#permits = Math.ceil(free / 2);
    this.#isExhausted = free <= 0;
    if (count && this.#isExhausted && !this.#isReported) this.#report(count);
    else if (this.#isReported && free > reserve) {
      this.#isReported = false;
      this.#logger.log('File descriptors are free again. New streams are accepted.');
    }
  }

  #report(count: DescriptorCount): void {
    this.#isReported = true;
    const use =
      count === NONE_LEFT
        ? 'has no file descriptor left'
        : `uses ${count.used} of ${count.limit} file descriptors`;
    this.#logger.warn(
      `The process ${use}. New streams are rejected with 503 until ` +
        'others are closed. Raise the limit of open files of the process (ulimit -n, LimitNOFILE).',
    );
  }
}
