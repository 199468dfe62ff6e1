import { realpathSync, statSync } from 'node:fs';
import { isAbsolute, sep } from 'node:path';
import type { SandboxWalls } from '../../engine/agent-sandbox.js';

/** A thing at a path inside, with the options of bubblewrap that make it. */
export interface Mount {
  readonly path: string;
  readonly args: readonly string[];
  /** True for a file system that is made read-only when everything in it is in place. */
  readonly closes?: boolean;
}

/** The size of a private `/dev/shm`, in bytes, at most. */
const SHARED_MEMORY_BYTES = 64 * 1024 ** 2;

/** Paths that the sandbox makes itself. Nothing of the host is shown there. */
const OWN_PATHS = ['/proc', '/dev', '/sys'];

export function readOnlyMount(path: string): Mount {
  return { path, args: ['--ro-bind', path, path] };
}

/** Returns an empty file system in memory that every user can write, of a size in bytes. */
function temporaryMount(path: string, bytes: number | null): Mount {
  const size = bytes === null ? [] : ['--size', String(bytes)];
  return { path, args: ['--perms', '1777', ...size, '--tmpfs', path] };
}

/** Returns the private `/tmp` and shared memory. */
export function temporaryMounts(tempBytes: number | null): Mount[] {
  const sharedBytes = Math.min(tempBytes ?? SHARED_MEMORY_BYTES, SHARED_MEMORY_BYTES);
  return [temporaryMount('/tmp', tempBytes), temporaryMount('/dev/shm', sharedBytes)];
}

/**
 * Returns the folders, files and sockets of the walls.
 *
 * @throws when one does not exist, is not a real and absolute path, or would open the sandbox
 */
export function wallMounts(walls: SandboxWalls): Mount[] {
  const { writable, readOnly, hidden, sockets, proxySocket } = walls;
  const readable = [...readOnly, ...sockets, ...(proxySocket === null ? [] : [proxySocket])];
  for (const path of [...writable, ...readable]) requireRealPath(path);
  return [
    ...writable.map((path) => ({ path, args: ['--bind', path, path] })),
    ...readable.map(readOnlyMount),
    ...hidden.flatMap((path) => hiddenMount(path, writable) ?? []),
  ];
}

/**
 * Returns the mounts as arguments of bubblewrap. A folder comes before what is in it. Of several mounts at
 * the same path, the last one counts.
 */
export function mountArgs(mounts: readonly Mount[]): string[] {
  const byPath = new Map<string, Mount>();
  for (const mount of mounts) byPath.set(mount.path, mount);
  const sorted = [...byPath.values()].sort((a, b) => (sortKey(a.path) < sortKey(b.path) ? -1 : 1));
  const closed = sorted.filter(({ closes }) => closes);
  return [
    ...sorted.flatMap(({ args }) => args),
    ...closed.flatMap(({ path }) => ['--remount-ro', path]),
  ];
}

/** True when the path is the folder, or in it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** Sorts a folder before its contents, and its contents before its siblings. */
function sortKey(path: string): string {
  return path.replaceAll('/', '\0');
}

function requireRealPath(path: string): void {
  if (!isAbsolute(path) || path.includes('\0')) {
    throw new Error(`A sandbox needs absolute paths, but got ${JSON.stringify(path)}.`);
  }
  if (path === '/' || OWN_PATHS.some((own) => isWithin(path, own))) {
    throw new Error(`${path} cannot be shown in a sandbox. Choose a folder of files.`);
  }
  const real = realpathSync(path);
  if (real !== path) {
    throw new Error(`A sandbox needs real paths, but ${path} is a link to ${real}.`);
  }
}

/** Returns an empty folder in place of one; null when there is nothing to hide, and nothing can appear. */
function hiddenMount(path: string, writable: readonly string[]): Mount | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined && !writable.some((folder) => isWithin(path, folder))) return null;
  if (stats !== undefined && !stats.isDirectory()) {
    // Devices cannot be opened there.
    return { path, args: ['--ro-bind', '/dev/null', path] };
  }
  return { path, args: ['--perms', '0555', '--tmpfs', path], closes: true };
}
