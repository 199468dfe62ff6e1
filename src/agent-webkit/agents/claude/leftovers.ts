import { renameSync } from 'node:fs';
import { basename } from 'node:path';

/** Transcripts in a configuration folder of Claude Code that other agents use as well. */
export interface LocalCopies {
  configFolder: string;
  /** The ids of the agent's conversations. */
  ids: string[];
}

/** The files that an agent leaves, and that must not stay. */
export interface Leftovers {
  /** Folders that no other agent uses. They are removed as a whole. */
  folders: string[];
  /** The local copies of its transcripts, when they are in the storage; null for none. */
  copies: LocalCopies | null;
}

/** The name prefix of the folder that the SDK creates to resume from a store. It may also contain credentials. */
const RESUME_FOLDER = 'claude-resume-';
/** Added to the name of that folder when its process has ended. */
const ENDED = '.ended';

type Environment = Record<string, string | undefined>;

/** Locates the configuration folder of Claude Code from the environment of an agent. */
export function findConfigFolder(env: Environment): string | undefined {
  const home = env['HOME'] ?? env['USERPROFILE'];
  return env['CLAUDE_CONFIG_DIR'] ?? (home && `${home}/.claude`);
}

/** Returns the configuration folder of an agent that the SDK created to resume from a store; null for none. */
export function findResumeFolder(env: Environment): string | null {
  const folder = findConfigFolder(env);
  return folder && basename(folder).startsWith(RESUME_FOLDER) ? folder : null;
}

/**
 * Locates what an agent leaves from its environment, when its transcripts are in the storage.
 *
 * @param ids the conversations of the agent; null when no other agent has the configuration folder
 */
export function findLeftovers(env: Environment, ids: readonly string[] | null): Leftovers {
  const resumeFolder = findResumeFolder(env);
  if (resumeFolder !== null) {
    return { folders: [resumeFolder, resumeFolder + ENDED], copies: null };
  }
  const configFolder = findConfigFolder(env);
  if (!configFolder) return { folders: [], copies: null };
  if (ids === null) return { folders: [`${configFolder}/projects`], copies: null };
  return { folders: [], copies: { configFolder, ids: [...new Set(ids)] } };
}

/**
 * Renames the folder of a resumed agent, so that the SDK does not find it. The SDK would remove it in one step,
 * which keeps the server from everything else for as long as that takes. Call it at the end of the process.
 */
export function setAside({ folders }: Leftovers): void {
  const [folder, ended] = folders;
  if (folder === undefined || ended !== folder + ENDED) return;
  try {
    renameSync(folder, ended);
  } catch {
    // It does not exist.
  }
}

/**
 * Creates the function that removes what is left. The SDK removes only the folder of a resumed agent,
 * and only if the server was not killed. It rejects when the system has no file descriptor or memory
 * left; call it again then.
 *
 * Files are removed one after the other, because an agent may have left any number, and the threads of Node.js
 * are few. Folders in folders are moved up before they are emptied, so that no path becomes too long.
 *
 * The created function uses nothing from outside itself but globals, because the warden runs its
 * source text.
 */
/* istanbul ignore next: a coverage counter in the source text would be a name from outside */
export function createRemoval() {
  return async ({ folders, copies }: Leftovers): Promise<void> => {
    const fs = await import('node:fs/promises');
    const paths = await import('node:path');
    const { randomUUID } = await import('node:crypto');
    // What does not exist or may not be removed is skipped: there is no remedy.
    // oxlint-disable-next-line consistent-function-scoping -- the source text of the outer function must contain it
    const skip = (error: unknown): void => {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'].includes(code)) throw error;
    };
    /* oxlint-disable no-await-in-loop -- one entry after the other */
    // An open folder stays the same one, whatever a program that still runs puts in its place. Only Linux has
    // paths of open folders.
    const { O_DIRECTORY, O_NOFOLLOW } = fs.constants;
    const O_PATH = 0o10000000;
    const within = async (
      folder: string | Buffer,
      use: (path: string | Buffer) => Promise<number>,
    ) => {
      if (process.platform !== 'linux') return use(folder);
      const handle = await fs.open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW);
      try {
        return await use(`/proc/self/fd/${handle.fd}`);
      } finally {
        await handle.close();
      }
    };
    const empty = async (folder: string | Buffer, onFolder: (path: Buffer) => Promise<void>) => {
      await fs.chmod(folder, 0o700).catch(skip);
      const encoding = 'buffer' as BufferEncoding;
      let left = 0;
      for await (const entry of await fs.opendir(folder, { encoding, bufferSize: 64 })) {
        const name = entry.name as unknown as Buffer;
        const path = Buffer.concat([Buffer.from(folder), Buffer.from('/'), name]);
        const removed = entry.isDirectory() ? onFolder(path) : fs.unlink(path);
        left += await removed.then(() => 0).catch((error: unknown) => (skip(error), 1));
      }
      return left;
    };
    const remove = async (top: string) => {
      const stats = await fs.lstat(top).catch(skip);
      if (!stats) return;
      if (!stats.isDirectory()) return fs.unlink(top).catch(skip);
      // A folder without permissions cannot be moved.
      const open = async (folder: string | Buffer) => fs.chmod(folder, 0o700).then(() => 0);
      const pass = (held: string | Buffer) =>
        empty(held, async (path) => {
          await within(path, (folder) =>
            empty(folder, async (inner) => {
              await within(inner, open).catch(skip);
              await fs.rename(inner, `${String(held)}/${randomUUID()}`);
            }),
          );
          await fs.rmdir(path);
        });
      // Entries that are added to a folder while it is read may be skipped, so it is read again.
      for (let isLeft = true, passes = 0; isLeft && passes < 10_000; passes += 1) {
        const failed = await within(top, pass).catch((error: unknown) => (skip(error), 1));
        const isEmpty = await fs.rmdir(top).then(
          () => true,
          (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT',
        );
        isLeft = !isEmpty && failed === 0;
      }
    };
    for (const folder of folders) await remove(folder);
    if (copies === null) return;
    const { configFolder, ids } = copies;
    const projects = paths.join(configFolder, 'projects');
    const entries = (await fs.readdir(projects, { withFileTypes: true }).catch(skip)) ?? [];
    // Symbolic links are not followed.
    const found = entries.filter((entry) => entry.isDirectory());
    for (const { name } of found) {
      for (const id of ids) {
        await remove(paths.join(projects, name, `${id}.jsonl`));
        await remove(paths.join(projects, name, id));
      }
    }
    /* oxlint-enable no-await-in-loop */
  };
}

export const removeLeftovers = createRemoval();
