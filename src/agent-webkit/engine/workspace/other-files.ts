import { opendir } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Layout, SERVER_FOLDER } from './layout.js';

/**
 * Resolves to true when the root of a workspace has entries that the server did not make, such as the
 * files of a project. `lost+found` is part of the file system.
 */
export async function hasOtherFiles({ root, sessions, owners }: Layout): Promise<boolean> {
  const known = [SERVER_FOLDER, basename(sessions), basename(owners), 'lost+found'];
  for await (const { name } of await opendir(root)) {
    if (!known.includes(name)) return true;
  }
  return false;
}

/** Returns a line for the log about a root with files that agents do not see. */
export function describeOtherFiles(root: string, per: 'session' | 'owner'): string {
  const each = per === 'session' ? 'session' : 'caller';
  return (
    `The workspace ${root} contains other files. Agents do not work on them: each ${each} has a folder of its own. ` +
    `To let all sessions work in ${root} itself, set \`workspace.per\` to 'shared' (AGENT_WEBKIT_WORKSPACE_PER=shared).`
  );
}
