/**
 * Creates a folder that only its owner can access, with every missing one above it. Part of the thread's
 * program: it refers to nothing outside of itself.
 *
 * Not by the option `recursive` of Node, which does not return where the system refuses a folder with
 * ENOENT, as in `/proc`.
 */
export function createFolder(
  fs: typeof import('node:fs'),
  path: typeof import('node:path'),
  folder: string,
): void {
  const missing: string[] = [];
  for (let one = folder; !fs.existsSync(one); one = path.dirname(one)) {
    missing.unshift(one);
    if (one === path.dirname(one)) break;
  }
  for (const one of missing) {
    try {
      fs.mkdirSync(one, { mode: 0o700 });
    } catch (error) {
      // Another server may create it at the same time.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
