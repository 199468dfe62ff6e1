import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';

/** How many links a path may have, as in the system. */
const MAX_LINKS = 40;

/**
 * Returns the real path of a file or folder of the host; null when it does not exist, or when the path is in
 * a folder that agents write, or leads through one. An agent can put a link in the place of everything there,
 * so nothing there is followed.
 *
 * @param path an absolute path. Links outside those folders are followed
 * @param written the real paths of the folders that agents write
 */
export function hostPath(path: string, written: readonly string[]): string | null {
  const rest = path.split(sep);
  let real: string = sep;
  for (let links = 0; ;) {
    const part = rest.shift();
    if (part === undefined) return real;
    if (part === '..') real = dirname(real);
    if (part === '' || part === '.' || part === '..') continue;
    const next = join(real, part);
    if (written.some((folder) => isInside(next, folder))) return null;
    try {
      const isLink = lstatSync(next).isSymbolicLink();
      if (isLink && (links += 1) > MAX_LINKS) return null;
      const target = isLink ? readlinkSync(next) : null;
      if (target === null) real = next;
      else rest.unshift(...target.split(sep));
      if (target !== null && isAbsolute(target)) real = sep;
    } catch {
      return null;
    }
  }
}

/** Returns the real paths of the absolute ones among the paths, as {@link hostPath} does, each once. */
export function hostPaths(paths: readonly string[], written: readonly string[]): string[] {
  return unique(paths.filter(isAbsolute).flatMap((path) => hostPath(path, written) ?? []));
}

/**
 * Returns the real paths of folders of the host that agents may write, each once. A folder in another one
 * is part of that.
 */
export function hostFolders(folders: readonly string[], written: readonly string[]): string[] {
  const given = folders.filter(isAbsolute);
  const outer = given.filter((folder) => !given.some((other) => isBelow(folder, other)));
  const real = hostPaths(outer, written);
  // A link of the host may lead into another one of the folders.
  return unique(
    outer.flatMap((folder) => {
      const own = hostPath(folder, written);
      return hostPath(folder, [...written, ...real.filter((other) => other !== own)]) ?? [];
    }),
  );
}

export function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)];
}

function isBelow(path: string, folder: string): boolean {
  const [inner, outer] = [resolve(path), resolve(folder)];
  return inner !== outer && isInside(inner, outer);
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
