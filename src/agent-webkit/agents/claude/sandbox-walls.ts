import { delimiter, isAbsolute, join } from 'node:path';
import type { AgentFolders, AgentWalls } from '../../engine/agent-client.js';
import type { SandboxWalls } from '../../engine/agent-sandbox.js';
import type { ClaudeOverrides } from './claude-options.js';
import { hostFolders, hostPaths, unique } from './host-paths.js';

export interface WallsOfProcess {
  readonly walls: AgentWalls;
  readonly folders: AgentFolders;
  /** The configuration folder of the process, which may be in {@link AgentFolders.home}. */
  readonly configFolder: string;
  readonly modelSocket: string;
  readonly proxySocket: string | null;
  readonly overrides: ClaudeOverrides;
}

/** Returns the real paths of the folders in which agents can replace anything, as far as they are known. */
export function writtenFolders(
  folders: AgentFolders,
  { additionalDirectories = [] }: Pick<ClaudeOverrides, 'additionalDirectories'>,
): string[] {
  const written = [...ownFolders(folders), ...(folders.written ?? [])];
  return [...written, ...hostFolders(additionalDirectories, written)];
}

function ownFolders({ folder, home, memory }: AgentFolders): string[] {
  return [folder, home, ...(memory === null ? [] : [memory])];
}

/** Returns the walls of one process of an agent. */
export function sandboxWalls(of: WallsOfProcess): SandboxWalls {
  const { walls, folders, configFolder, modelSocket, proxySocket, overrides } = of;
  const { additionalDirectories = [], plugins = [], pathToClaudeCodeExecutable } = overrides;
  const own = ownFolders(folders);
  const given = hostFolders(additionalDirectories, [...own, ...(folders.written ?? [])]);
  const readOnly = [
    ...walls.readOnly,
    ...plugins.map(({ path }) => path),
    ...(pathToClaudeCodeExecutable === undefined ? [] : [pathToClaudeCodeExecutable]),
  ];
  return {
    writable: unique([...own, ...hostPaths([configFolder], own), ...given]),
    readOnly: hostPaths(readOnly, writtenFolders(folders, overrides)),
    hidden: folders.hidden,
    sockets: [modelSocket],
    proxySocket,
    limits: walls.limits,
  };
}

/** Returns the real path of a program, which the SDK may have given without its folder. */
export function findProgram(command: string, path = ''): string {
  const folders = path.split(delimiter).filter(isAbsolute);
  const places = isAbsolute(command) ? [command] : folders.map((folder) => join(folder, command));
  const [found] = hostPaths(places, []);
  return found ?? command;
}
