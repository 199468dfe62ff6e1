/** Returns true for an error about memory, processes or file descriptors that the system does not have. */
export function isScarcity(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'].includes(code);
}
