import { mkdtempSync, realpathSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeLeftovers } from './leftovers.js';

/** The longest path of a Unix socket, in bytes: 107 on Linux, 103 on macOS. */
const MAX_SOCKET_PATH = 103;
/** The longest name of a file in the folder, with its separator. */
const LONGEST_NAME = '/network.sock';
const PREFIX = 'agent-webkit-';

/** A private folder for one process of an agent, for the time that it runs. Only this user can enter it. */
export interface RuntimeFolder {
  /** The real path. */
  readonly path: string;
  readonly modelSocket: string;
  readonly networkSocket: string;
  /** An empty folder for the configuration of Claude Code. */
  readonly configFolder: string;
  /** Never rejects. */
  remove(): Promise<void>;
}

/** @throws when the system has no temporary folder that is writable */
export async function createRuntimeFolder(): Promise<RuntimeFolder> {
  const path = mkdtempSync(join(parentFolder(), PREFIX));
  const configFolder = join(path, 'config');
  // The agent may have written any number of files.
  const remove = () => removeLeftovers({ folders: [path], copies: null }).catch(() => undefined);
  try {
    await mkdir(configFolder, { mode: 0o700 });
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    path,
    modelSocket: join(path, 'model.sock'),
    networkSocket: join(path, 'network.sock'),
    configFolder,
    remove,
  };
}

/** Returns the real temporary folder, or `/tmp` when a socket in that would have too long a path. */
function parentFolder(): string {
  const folder = realpathSync(tmpdir());
  const longest = Buffer.byteLength(`${folder}/${PREFIX}XXXXXX${LONGEST_NAME}`);
  return longest <= MAX_SOCKET_PATH ? folder : realpathSync('/tmp');
}
