import { setTimeout as delay } from 'node:timers/promises';

export interface RetryOptions {
  /** Once aborted, an attempt that fails is the last one. */
  signal: AbortSignal;
  /** Whether trying again cannot mend this. */
  isFinal: (error: unknown) => boolean;
  /** Called with every failure that is tried again. */
  onFailure: (error: unknown) => void;
}

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5000;

/** Tries until it succeeds, waiting longer each time. Throws the last failure when it gives up. */
export async function retry<Result>(
  attempt: () => Result | Promise<Result>,
  { signal, isFinal, onFailure }: RetryOptions,
): Promise<Result> {
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- tried again only when it has failed
      return await attempt();
    } catch (error) {
      if (isFinal(error) || signal.aborted) throw error;
      onFailure(error);
      // oxlint-disable-next-line no-await-in-loop -- so is this
      await delay(delayMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw error;
    }
  }
}
