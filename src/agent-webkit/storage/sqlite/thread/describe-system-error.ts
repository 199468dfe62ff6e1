import type { ThreadError } from '../thread-protocol.js';

/**
 * Returns what an error of the file system means for a database, or null for other errors. Part of the
 * thread's program: it refers to nothing outside of itself.
 *
 * @param file the path of the database
 */
export function describeSystemError(error: unknown, file: string): ThreadError | null {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return null;
  const describe = (cause: string, action: string): ThreadError => ({
    kind: 'fault',
    summary: 'The database cannot be opened.',
    message: `The database ${file} cannot be opened: ${cause} (${error.message}). ${action}`,
  });
  switch (error.code) {
    case 'EACCES':
    case 'EPERM':
      return describe(
        'the permission is missing',
        'Let the user of the server write the file and its folder, or choose another file.',
      );
    case 'EROFS':
      return describe('the file system is read-only', 'Mount it writable, or choose another file.');
    case 'ENOSPC':
    case 'EDQUOT':
      return describe('the disk is full', 'Free space on the disk.');
    case 'EEXIST':
    case 'ENOTDIR':
      return describe('a folder of its path is a file', 'Choose another file.');
    case 'EISDIR':
      return describe('it is a directory', 'Choose the path of a file.');
    case 'ENOENT':
    case 'ELOOP':
    case 'ENAMETOOLONG':
    case 'EIO':
      return describe('its folder cannot be used', 'Check the path and the disk.');
    default:
      // Among them EMFILE and ENOMEM, after which a retry may succeed.
      return null;
  }
}
