/**
 * Creates a missing file that only its owner can access. An existing one is not opened: a process that
 * closes a file loses its locks on it. Part of the thread's program: it refers to nothing outside of
 * itself.
 *
 * @throws Error of the file system when the file cannot be created, read and written
 */
export function createPrivately(fs: typeof import('node:fs'), path: string): void {
  try {
    fs.closeSync(fs.openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    fs.accessSync(path, fs.constants.R_OK | fs.constants.W_OK);
  }
}

/**
 * Takes the access of other users from files that earlier releases created. Access of a group alone is
 * kept: the operator has granted it, for example for backups. Returns a sentence about the first file
 * whose mode could not be changed, or null. Part of the thread's program: it refers to nothing outside of
 * itself.
 */
export function makePrivate(fs: typeof import('node:fs'), paths: readonly string[]): string | null {
  if (process.platform === 'win32') return null; // its files have no such mode
  for (const path of paths) {
    const mode = fs.statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
    if ((mode & 0o007) === 0) continue;
    try {
      fs.chmodSync(path, 0o600);
    } catch (error) {
      return (
        `Other users of this machine can access ${path} (mode ${(mode & 0o777).toString(8)}), and the ` +
        `server may not change that (${(error as Error).message}). Run \`chmod 600\` on it.`
      );
    }
  }
  return null;
}
