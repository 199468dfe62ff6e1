import { setTimeout as delay } from 'node:timers/promises';
import { createDeferred } from './deferred.js';
import { type Leftovers, removeLeftovers } from './leftovers.js';
import { sweepProcesses } from './process-sweep.js';

/** How long the processes that the agent left behind may take to exit after SIGTERM. */
const SWEEP_GRACE_MS = 500;
const SWEEP_LIMIT_MS = 5000;
/** How long to wait before a cleanup that the system refused is tried again. */
const RETRY_MS = 1000;

/** The cleanup after one agent. */
export interface Cleanup {
  /** Resolves when nothing is left, or when the first attempt has failed. */
  attempted: Promise<unknown>;
  /** Resolves when nothing is left. */
  done: Promise<void>;
}

/**
 * Ends the processes that an agent left behind, and removes what it left on the disk. Without a file
 * descriptor or memory, that fails: it is then repeated until it succeeds or the server ends, and a process
 * warning is emitted. Never rejects.
 *
 * @param marker the marker of its processes; null when they have ended with the agent
 */
export function cleanUpAfter(marker: string | null, leftovers: Leftovers): Cleanup {
  const attempted = createDeferred<undefined>();
  const done = cleanUp(marker, leftovers, (error) => {
    process.emitWarning(
      'Could not clean up after an agent. Its processes may keep running until it succeeds. ' +
        `Retrying every ${RETRY_MS / 1000} s: ${String(error)}`,
    );
    attempted.resolve(undefined);
  }).finally(() => attempted.resolve(undefined));
  return { attempted: attempted.promise, done };
}

async function cleanUp(
  marker: string | null,
  leftovers: Leftovers,
  onFirstFailure: (error: unknown) => void,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    /* oxlint-disable no-await-in-loop -- one attempt after the other */
    try {
      if (marker !== null) {
        await sweepProcesses(marker, { graceMs: SWEEP_GRACE_MS, limitMs: SWEEP_LIMIT_MS });
      }
      await removeLeftovers(leftovers);
      return;
    } catch (error) {
      if (attempt === 1) onFirstFailure(error);
      await delay(RETRY_MS, undefined, { ref: false });
    }
    /* oxlint-enable no-await-in-loop */
  }
}
