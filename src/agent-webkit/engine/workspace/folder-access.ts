import { existsSync } from 'node:fs';
import { constants, lstat, mkdir, open, opendir } from 'node:fs/promises';

/** Opens a folder without reading it, whatever its permission bits are. Only Linux has this flag. */
const O_PATH = 0o10000000;

const HAS_DESCRIPTOR_PATHS = process.platform === 'linux' && existsSync('/proc/self/fd');

/** A folder that is held open, so that its path leads to the same folder even if it is moved or replaced meanwhile. */
export interface HeldFolder {
  /** A path of the folder, valid until it is closed. */
  readonly path: string;
  close(): Promise<void>;
}

/**
 * Opens a folder. The last part of the path must not be a link. Where the system has no paths of open
 * folders, the path itself is used.
 *
 * @throws the system's error, among them `ENOTDIR` and `ELOOP` when it is no folder or a link
 */
export async function holdFolder(path: string | Buffer): Promise<HeldFolder> {
  if (!HAS_DESCRIPTOR_PATHS) {
    const found = await lstat(path);
    if (!found.isDirectory()) throw systemError('ENOTDIR');
    return { path: path.toString(), close: () => Promise.resolve() };
  }
  const { O_DIRECTORY, O_NOFOLLOW } = constants;
  const handle = await open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  return { path: `/proc/self/fd/${handle.fd}`, close: () => handle.close() };
}

/**
 * Creates the folders of a relative path below a folder, as far as they are missing. None of its parts
 * may be a link, also if another process replaces one meanwhile.
 *
 * @throws the system's error, among them `ENOTDIR` and `ELOOP`
 */
export async function makeBelow(folder: string, parts: readonly string[]): Promise<void> {
  let held = await holdFolder(folder);
  try {
    for (const part of parts) {
      const path = `${held.path}/${part}`;
      /* oxlint-disable no-await-in-loop -- each folder is in the one before */
      await mkdir(path, { mode: 0o700 }).catch(ignoring('EEXIST'));
      const next = await holdFolder(path);
      await held.close();
      /* oxlint-enable no-await-in-loop */
      held = next;
    }
  } finally {
    await held.close();
  }
}

/** An entry of a folder. Its name is bytes, because it need not be text. */
export interface Entry {
  readonly name: Buffer;
  /** False for a link to a folder. */
  readonly isFolder: boolean;
}

/** Yields the entries of a folder, a few at a time, however many there are. */
export async function* readEntries(path: string | Buffer): AsyncGenerator<Entry> {
  const encoding = 'buffer' as BufferEncoding;
  for await (const entry of await opendir(path, { encoding, bufferSize: 64 })) {
    // The types of Node.js only know names that are text.
    const name = entry.name as unknown as Buffer;
    yield { name, isFolder: entry.isDirectory() };
  }
}

/** Resolves to true when a path leads to a folder, and not to a link to one. */
export async function isRealFolder(path: string | Buffer): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch {
    return false; // missing, or not accessible
  }
}

/** Returns the code of a system's error. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}

/** Returns a handler that ignores the system's errors with these codes. */
export function ignoring(...codes: string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes(codeOf(error) ?? '')) throw error;
  };
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
