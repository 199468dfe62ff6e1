/** The local copies that an agent keeps of its transcripts while it runs, when they are in the storage. */
export interface LocalCopies {
  /** The configuration folder of Claude Code. */
  configFolder: string;
  /** The ids of the agent's conversations. */
  ids: string[];
}

/** The name prefix of the folder that the SDK creates to resume from a store. It also contains credentials. */
export const RESUME_FOLDER = 'claude-resume-';

/** Locates the configuration folder of Claude Code from the environment of an agent. */
export function findConfigFolder(env: Record<string, string | undefined>): string | undefined {
  const home = env['HOME'] ?? env['USERPROFILE'];
  return env['CLAUDE_CONFIG_DIR'] ?? (home && `${home}/.claude`);
}

/** Locates the copies from the environment of the agent. */
export function findLocalCopies(
  env: Record<string, string | undefined>,
  ids: readonly string[],
): LocalCopies | null {
  const configFolder = findConfigFolder(env);
  return configFolder ? { configFolder, ids: [...new Set(ids)] } : null;
}

/**
 * Creates the function that removes the copies. The SDK removes only the folder of a resumed agent,
 * and only if the server was not killed. It rejects when the system has no file descriptor or memory
 * left; call it again then.
 *
 * The created function uses nothing from outside itself but globals, because the warden runs its
 * source text.
 */
/* istanbul ignore next: a coverage counter in the source text would be a name from outside */
export function createCopyRemoval(resumeFolder: string) {
  return async ({ configFolder, ids }: LocalCopies): Promise<void> => {
    const { readdir, rm } = await import('node:fs/promises');
    const paths = await import('node:path');
    // A copy that does not exist or may not be removed is skipped: there is no remedy.
    // oxlint-disable-next-line consistent-function-scoping -- the source text of the outer function must contain it
    const skip = (error: unknown): void => {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'].includes(code)) throw error;
    };
    const remove = (path: string) =>
      rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(skip);
    if (paths.basename(configFolder).startsWith(resumeFolder)) return remove(configFolder);
    const projects = paths.join(configFolder, 'projects');
    const entries = (await readdir(projects, { withFileTypes: true }).catch(skip)) ?? [];
    // Symbolic links are not followed.
    const folders = entries.filter((entry) => entry.isDirectory());
    const copies = folders.flatMap(({ name }) =>
      ids.flatMap((id) => [
        paths.join(projects, name, `${id}.jsonl`),
        paths.join(projects, name, id),
      ]),
    );
    await Promise.all(copies.map(remove));
  };
}

export const removeLocalCopies = createCopyRemoval(RESUME_FOLDER);
