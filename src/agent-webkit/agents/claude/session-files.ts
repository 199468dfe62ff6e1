import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EndedSession } from '../../engine/agent-client.js';
import type { ClaudeConfiguration } from './claude-options.js';
import { removeLeftovers } from './leftovers.js';

type Environment = Record<string, string | undefined>;

/** The places at which Claude Code writes, and the conversations whose files to remove there. */
interface Places {
  /** The configuration folder. */
  configFolder: string;
  /** The folder of `.claude.json`. */
  stateFolder: string;
  tempFolder: string;
  ids: readonly string[];
}

/** All ids of conversations have this form. Another one would match files of others, or lead out of a folder. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Claude Code writes an id of this length in place of one that it does not know. */
const NO_ID = '00000000-0000-0000-0000-000000000000';

/** Removes what the agents of a session have written, by the environment that its next agent would have. */
export async function forgetSession(
  { conversationIds, ...session }: EndedSession,
  configuration: ClaudeConfiguration,
): Promise<void> {
  const { env = process.env } =
    typeof configuration === 'function'
      ? await configuration({
          ...session,
          conversationId: conversationIds.at(-1) ?? session.sessionId,
          resume: true,
          canUseTool: () => Promise.reject(new Error('The session was deleted.')),
        })
      : configuration;
  await removeSessionFiles(env, conversationIds);
}

/**
 * Removes what Claude Code has written for conversations, by the environment of their agents, which are
 * gone: transcripts with the outputs of tools and sub-agents, and in other folders every entry whose
 * name begins with the id of a conversation. In files that all sessions share, the id is overwritten.
 *
 * Ids of another form name no conversation, and are ignored. Symbolic links are removed, never followed. What cannot be removed is skipped.
 */
export async function removeSessionFiles(
  env: Environment,
  named: readonly string[],
): Promise<void> {
  const ids = named.filter((id) => UUID.test(id));
  const home = env['HOME'] ?? env['USERPROFILE'];
  const configFolder = env['CLAUDE_CONFIG_DIR'] ?? (home && join(home, '.claude'));
  if (!configFolder) return;
  const places: Places = {
    configFolder,
    stateFolder: env['CLAUDE_CONFIG_DIR'] ?? home ?? configFolder,
    tempFolder: env['CLAUDE_CODE_TMPDIR'] ?? env['TMPDIR'] ?? tmpdir(),
    ids,
  };
  await removeLeftovers({ folders: [], copies: { configFolder, ids: [...ids] } });
  await Promise.all([removeEntries(places), removeTemporary(places), overwriteIds(places)]);
}

/** Removes from the folders of the configuration folder the entries of these conversations, such as `session-env/<id>`. */
async function removeEntries({ configFolder, ids }: Places): Promise<void> {
  const folders = await foldersOf(configFolder);
  await Promise.all(folders.map((folder) => removeNamed(join(configFolder, folder), ids)));
}

/** Removes the outputs of background tasks and the files that the agent meant for no one else. */
async function removeTemporary({ tempFolder, ids }: Places): Promise<void> {
  const ours = `claude-${process.getuid?.() ?? 0}`;
  if (!(await foldersOf(tempFolder)).includes(ours)) return;
  const folder = join(tempFolder, ours);
  const projects = await foldersOf(folder);
  await Promise.all(projects.map((project) => removeNamed(join(folder, project), ids)));
}

async function removeNamed(folder: string, ids: readonly string[]): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const ours = names.filter((name) => ids.some((id) => name.startsWith(id)));
  await Promise.all(ours.map((name) => remove(join(folder, name))));
}

/**
 * Overwrites the ids in the state of Claude Code, its backups and the state of its plugins. In place, so
 * that a change that another agent makes at the same time is not undone.
 */
async function overwriteIds({ configFolder, stateFolder, ids }: Places): Promise<void> {
  const files = await Promise.all([
    filesOf(stateFolder, (name) => name === '.claude.json'),
    filesOf(join(configFolder, 'backups'), (name) => name.startsWith('.claude.json')),
    filesOf(join(configFolder, 'plugins', 'store'), (name) => name.endsWith('.json')),
  ]);
  await Promise.all(files.flat().map((file) => overwriteIn(file, ids).catch(() => undefined)));
}

async function overwriteIn(file: string, ids: readonly string[]): Promise<void> {
  const handle = await open(file, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0));
  try {
    const content = await handle.readFile();
    for (const id of ids) {
      // oxlint-disable-next-line no-await-in-loop -- one write at a time to one file
      await overwriteAll(handle, content, id);
    }
  } finally {
    await handle.close();
  }
}

async function overwriteAll(handle: FileHandle, content: Buffer, id: string): Promise<void> {
  for (let at = content.indexOf(id); at !== -1; at = content.indexOf(id, at + id.length)) {
    // oxlint-disable-next-line no-await-in-loop -- as above
    await handle.write(NO_ID, at);
  }
}

/** Returns the names of the folders in a folder, without symbolic links. */
async function foldersOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Returns the paths of the files in a folder whose names are wanted, without symbolic links. */
async function filesOf(folder: string, isWanted: (name: string) => boolean): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && isWanted(entry.name))
    .map(({ name }) => join(folder, name));
}

/** Removes a file, or a folder with its content. A link is removed, not followed. */
async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
}
