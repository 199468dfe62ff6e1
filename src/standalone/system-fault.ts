/** The errors of a process or machine that has no file descriptor or no memory left. */
const EXHAUSTED: readonly unknown[] = [
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOBUFS',
  'EAGAIN',
  'ERR_MEMORY_ALLOCATION_FAILED',
];
/** A module that could not be read is reported like one that does not exist. */
const UNLOADABLE: readonly unknown[] = [
  'MODULE_NOT_FOUND',
  'ERR_MODULE_NOT_FOUND',
  'ERR_DLOPEN_FAILED',
];
/** The client of the request is gone. */
const DISCONNECTED: readonly unknown[] = ['ECONNRESET', 'ECONNABORTED', 'EPIPE'];
/** The causes of an error that are looked at. */
const MAX_DEPTH = 5;

/** An error of the server's machine. */
export interface SystemFault {
  readonly error: unknown;
  /** True if the request may succeed later. */
  readonly isTemporary: boolean;
}

/**
 * Returns the error of the operating system, or of the module loader, from which an error stems. Libraries
 * wrap it: a body parser that cannot load an encoding reports status 400, and a message with the path.
 *
 * @returns null if there is none
 */
export function findSystemFault(error: unknown, depth = 0): SystemFault | null {
  if (typeof error !== 'object' || error === null || depth === MAX_DEPTH) return null;
  const { code, syscall, cause } = error as Record<string, unknown>;
  const isTemporary = EXHAUSTED.includes(code);
  const isOfSystem = typeof syscall === 'string' && !DISCONNECTED.includes(code);
  if (isTemporary || isOfSystem || UNLOADABLE.includes(code)) return { error, isTemporary };
  return findSystemFault(cause, depth + 1);
}
