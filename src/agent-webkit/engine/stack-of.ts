/** Returns the stack of an error of a host, or what describes it. Never throws, whatever the error is. */
export function stackOf(error: unknown): string {
  try {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } catch {
    return 'An error without a description.';
  }
}
