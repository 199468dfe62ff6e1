import { setTimeout as delay } from 'node:timers/promises';

/** Waits for what may never come, but not for long: undefined when it did not. The wait keeps no process alive. */
export async function within<Value>(
  timeoutMs: number,
  awaited: Promise<Value>,
): Promise<Value | undefined> {
  const waiting = new AbortController();
  const timeout = delay(timeoutMs, undefined, { ref: false, signal: waiting.signal });
  try {
    return await Promise.race([awaited, timeout]);
  } finally {
    waiting.abort();
    timeout.catch(() => undefined);
  }
}
