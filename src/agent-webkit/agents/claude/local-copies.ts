/** Where an agent whose transcripts are stored elsewhere keeps copies of them while it runs. */
export interface LocalCopies {
  /** The folder of Claude Code's configuration. */
  configFolder: string;
  sessionId: string;
}

/** What the SDK calls the folder it makes for an agent that resumes from a store. It holds credentials, too. */
export const RESUME_FOLDER = 'claude-resume-';

/** Finds the copies by the environment the agent was started with. */
export function findLocalCopies(
  env: Record<string, string | undefined>,
  sessionId: string,
): LocalCopies | null {
  const home = env['HOME'] ?? env['USERPROFILE'];
  const configFolder = env['CLAUDE_CONFIG_DIR'] ?? (home && `${home}/.claude`);
  return configFolder ? { configFolder, sessionId } : null;
}

/**
 * Removes them. The SDK removes the folder of an agent that resumed, unless the server was killed;
 * the others nobody does.
 *
 * The function made here names nothing outside itself but globals, because the warden runs it from
 * its text.
 */
/* istanbul ignore next: a counter in the text would be a name from outside */
export function createCopyRemoval(resumeFolder: string) {
  return async ({ configFolder, sessionId }: LocalCopies): Promise<void> => {
    const { readdir, rm } = await import('node:fs/promises');
    const paths = await import('node:path');
    // What is not there, or may not be removed, is left; nobody could do anything about it.
    const remove = (path: string) =>
      rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    if (paths.basename(configFolder).startsWith(resumeFolder)) return remove(configFolder);
    const projects = paths.join(configFolder, 'projects');
    const names = await readdir(projects).catch(() => []);
    const copies = names.flatMap((name) => [
      paths.join(projects, name, `${sessionId}.jsonl`),
      paths.join(projects, name, sessionId),
    ]);
    await Promise.all(copies.map(remove));
  };
}

export const removeLocalCopies = createCopyRemoval(RESUME_FOLDER);
