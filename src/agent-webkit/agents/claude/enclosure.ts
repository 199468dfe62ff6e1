import type { SpawnOptions } from '@anthropic-ai/claude-agent-sdk';
import type { AgentStart } from '../../engine/agent-client.js';
import type { SandboxProcess } from '../../engine/agent-sandbox.js';
import { AgentFailure } from './agent-failure.js';
import type { ClaudeOverrides } from './claude-options.js';
import { type GatewayFunctions, openGateways, SERVER_GATEWAYS } from './gateways.js';
import { insideEnvironment, insideSettings } from './inside-environment.js';
import { findConfigFolder } from './leftovers.js';
import { createRuntimeFolder, type RuntimeFolder } from './runtime-folder.js';
import { findProgram, sandboxWalls, writtenFolders } from './sandbox-walls.js';
import { serverWarden } from './server-warden.js';
import { readSettings } from './settings-file.js';
import { walledRefusal } from './walled-refusal.js';

/** The surroundings of one process of an agent: its walls, and the gateways that lead through them. */
export interface Enclosure {
  /** The options of the host for an agent inside. */
  readonly overrides: ClaudeOverrides;
  /** The name of the sandbox. */
  readonly sandbox: string;
  /** True when everything inside ends with the process, and the process with the server. */
  readonly endsWithServer: boolean;
  /** Starts the process. Never throws: a failed start is its `error` event. */
  start(command: Pick<SpawnOptions, 'command' | 'args' | 'env'>): SandboxProcess;
  /** Closes what the process reached, and removes its files. Never rejects. May be called repeatedly. */
  close(): Promise<void>;
}

/**
 * Opens the surroundings of the next process of an agent; null without walls.
 *
 * @param isResumed true when the process resumes the conversation
 * @throws AgentFailure when the agent cannot run inside walls
 */
export async function openEnclosure(
  start: AgentStart,
  overrides: ClaudeOverrides,
  isResumed: boolean,
  functions: GatewayFunctions = SERVER_GATEWAYS,
): Promise<Enclosure | null> {
  const { walls, folders, cwd } = start;
  if (walls === undefined) return null;
  if (folders === undefined) throw new AgentFailure('An agent in a sandbox needs folders.');
  const settings = readSettings(overrides.settings, writtenFolders(folders, overrides));
  const refusal = walledRefusal(overrides, settings);
  if (refusal !== null) throw new AgentFailure(refusal);
  const runtime = await openRuntimeFolder();
  const { env = process.env, modelCredentials } = overrides;
  const needs = { start, env, settings, modelCredentials, runtime };
  const gateways = await openGateways(functions, needs).catch(async (error: unknown) => {
    await runtime.remove();
    throw error;
  });
  // The SDK copies files of this folder into the one of a process that resumes from a store. They must
  // not be files of the agent: a link among them would lead the SDK, which is in the server, elsewhere.
  const isCopied = isResumed && (overrides.sessionStore ?? start.transcripts) !== undefined;
  const inside: ClaudeOverrides = {
    ...overrides,
    settings: insideSettings(settings),
    env: {
      ...insideEnvironment(overrides.env),
      HOME: folders.home,
      CLAUDE_CONFIG_DIR: isCopied ? runtime.configFolder : folders.home,
      TMPDIR: '/tmp',
      ...gateways.environment,
    },
  };
  let closed: Promise<void> | undefined;
  return {
    overrides: inside,
    sandbox: walls.sandbox.name,
    endsWithServer: walls.sandbox.endsWithServer,
    start: ({ command, args, env: given }) =>
      walls.sandbox.start(
        { command: findProgram(command, given['PATH']), args, cwd, env: defined(given) },
        sandboxWalls({
          walls,
          folders,
          overrides,
          configFolder: findConfigFolder(given) ?? folders.home,
          modelSocket: runtime.modelSocket,
          proxySocket: gateways.proxySocket,
        }),
      ),
    close: () => {
      closed ??= gateways.close().then(() => runtime.remove());
      return closed;
    },
  };
}

/** Creates a runtime folder that is removed also when the server is killed. */
async function openRuntimeFolder(): Promise<RuntimeFolder> {
  const folder = await createRuntimeFolder();
  const { failure, release } = serverWarden.watch({ folders: [folder.path], copies: null });
  const remove = async () => {
    await folder.remove();
    release();
  };
  if (failure === null) return { ...folder, remove };
  await remove();
  throw await failure;
}

function defined(env: SpawnOptions['env']): Record<string, string> {
  const entries = Object.entries(env).filter((entry): entry is [string, string] => {
    return entry[1] !== undefined;
  });
  return Object.fromEntries(entries);
}
