import {
  chmod,
  constants,
  copyFile,
  lstat,
  mkdir,
  readlink,
  stat,
  symlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { GivenFiles } from '../agent-client.js';
import { HostConfigurationError } from '../host-configuration-error.js';
import { codeOf, isRealFolder, makeBelow, readEntries } from './folder-access.js';
import { isInside } from './layout.js';

/** The maximum number of files, folders and links that a session is given, and their size in bytes. */
const MAX_ENTRIES = 20_000;
const MAX_BYTES = 512 * 1024 * 1024;

/**
 * Copies files of the server into the new folder of a session. Links are copied as links, so that they
 * give no content of the server; pipes, sockets and devices are refused.
 *
 * @throws HostConfigurationError which names the field
 */
export async function copyFiles(folder: string, copy: GivenFiles['copy'] & object): Promise<void> {
  const copying = new Copying();
  for (const [index, { from, to }] of copy.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- a later one may add to the folder of an earlier one
    await copying.copy(folder, from, to, `files.copy[${index}]`);
  }
}

class Copying {
  #entries = 0;
  #bytes = 0;
  #field = '';

  async copy(folder: string, from: string, to: string, field: string): Promise<void> {
    this.#field = field;
    if (isInside(folder, from)) {
      throw new HostConfigurationError(`${field}.from`, 'a path without the workspace in it', from);
    }
    const target = join(folder, to);
    try {
      const isFolder = (await stat(from)).isDirectory();
      const parent = isFolder ? to : dirname(to);
      // Not through a link that an earlier entry has copied.
      await makeBelow(
        folder,
        parent.split('/').filter((part) => part !== '' && part !== '.'),
      );
      if (isFolder) await this.#copyEntries(Buffer.from(from), Buffer.from(target));
      else await this.#copyFile(Buffer.from(from), Buffer.from(target), await stat(from));
    } catch (error) {
      if (['EEXIST', 'ENOTDIR', 'ELOOP', 'EISDIR'].includes(codeOf(error) ?? '')) {
        throw new HostConfigurationError(
          `${field}.to`,
          'a path at which there is nothing yet, in folders that are no links',
          to,
        );
      }
      if (['EACCES', 'ENOENT', 'ENAMETOOLONG'].includes(codeOf(error) ?? '')) {
        throw new HostConfigurationError(`${field}.from`, 'a path that the server can read', from);
      }
      throw error;
    }
  }

  async #copyEntries(from: Buffer, to: Buffer): Promise<void> {
    for await (const { name } of readEntries(from)) {
      await this.#copyEntry(below(from, name), below(to, name));
    }
  }

  async #copyEntry(from: Buffer, to: Buffer): Promise<void> {
    const found = await lstat(from);
    if (found.isDirectory()) {
      this.#count(0);
      await mkdir(to, { mode: 0o700 }).catch(async (error: unknown) => {
        if (codeOf(error) !== 'EEXIST' || !(await isRealFolder(to))) throw error;
      });
      await chmod(to, (found.mode & 0o777) | 0o700);
      return this.#copyEntries(from, to);
    }
    if (found.isSymbolicLink()) {
      this.#count(0);
      const target = await readlink(from, { encoding: 'buffer' });
      return symlink(target, to);
    }
    return this.#copyFile(from, to, found);
  }

  async #copyFile(
    from: Buffer,
    to: Buffer,
    found: { isFile(): boolean; size: number; mode: number },
  ): Promise<void> {
    if (!found.isFile()) {
      const words = 'a path without pipes, sockets and devices in it';
      throw new HostConfigurationError(`${this.#field}.from`, words, from.toString());
    }
    this.#count(found.size);
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    // No file of the server keeps its special permissions, or becomes one that its owner cannot change.
    await chmod(to, (found.mode & 0o777) | 0o600);
  }

  #count(bytes: number): void {
    this.#entries += 1;
    this.#bytes += bytes;
    if (this.#entries <= MAX_ENTRIES && this.#bytes <= MAX_BYTES) return;
    throw new HostConfigurationError(
      'files.copy',
      `at most ${MAX_ENTRIES} files and ${MAX_BYTES / 1024 ** 2} MiB in total. Use \`files.readOnly\` for more`,
      'more',
    );
  }
}

function below(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat([folder, Buffer.from('/'), name]);
}
