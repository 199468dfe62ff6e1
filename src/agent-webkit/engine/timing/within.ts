/** The result of {@link within} when the promise did not settle in time. */
export const TIMED_OUT = Symbol('timed out');

/**
 * Waits for a promise, but no longer than `timeoutMs`, and then resolves to {@link TIMED_OUT}.
 * Rejects when the promise rejects in time; a later rejection is ignored. The timer keeps no
 * process alive.
 */
export async function within<Value>(
  timeoutMs: number,
  awaited: Promise<Value>,
): Promise<Value | typeof TIMED_OUT> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<typeof TIMED_OUT>((resolve) => {
    timer = setTimeout(() => resolve(TIMED_OUT), timeoutMs).unref();
  });
  try {
    return await Promise.race([awaited, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
