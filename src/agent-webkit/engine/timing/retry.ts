import { setTimeout as delay } from 'node:timers/promises';
import { backoff } from './backoff.js';

export interface RetryOptions {
  /** Once aborted, an attempt that fails is the last one. */
  signal: AbortSignal;
  /** Returns true for an error that no further attempt can fix. */
  isFinal: (error: unknown) => boolean;
  /** Called with each error that is followed by another attempt. */
  onFailure: (error: unknown) => void;
}

/** Repeats an attempt until it succeeds, with growing delays. Throws the error of the last attempt. */
export async function retry<Result>(
  attempt: () => Result | Promise<Result>,
  { signal, isFinal, onFailure }: RetryOptions,
): Promise<Result> {
  const delays = backoff();
  for (;;) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- repeated only after a failure
      return await attempt();
    } catch (error) {
      if (isFinal(error) || signal.aborted) throw error;
      onFailure(error);
      // oxlint-disable-next-line no-await-in-loop -- only after a failure, as above
      await delay(delays.next().value, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw error;
    }
  }
}
