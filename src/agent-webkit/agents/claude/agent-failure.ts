import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { AgentFailureCode } from '../../engine/agent-failure.js';
import type { AgentWalls } from '../../engine/agent-client.js';
import type { ExceededLimit, SandboxLimits } from '../../engine/agent-sandbox.js';
import { UnsupportedCredentialsError } from '../../gateway/model/provider.js';
import { isScarcity } from '../../engine/scarcity.js';

/** The end of a process: its exit code, its signal, or the error that prevented its start. */
export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  error?: NodeJS.ErrnoException;
  /** The limit for which its sandbox ended it; null for none. */
  exceeded?: ExceededLimit | null;
}

/**
 * An agent could not start, or ended unexpectedly. The message is for clients and contains no paths of
 * this machine; `cause` and `stderr` are for the server's log.
 */
export class AgentFailure extends Error {
  /** The last 4 kB of the agent's standard error. */
  readonly stderr: string;
  /** The code of the limit that the agent exceeded; null for any other failure. */
  readonly code: AgentFailureCode | null;

  constructor(
    message: string,
    options: { cause?: unknown; stderr?: string; code?: AgentFailureCode } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'AgentFailure';
    this.stderr = options.stderr ?? '';
    this.code = options.code ?? null;
  }
}

/** How a sandbox begins to report why it did not start the program. */
const SANDBOX_ERROR = /^(bwrap|sandbox-exec): /m;
/** How Claude Code reports an output format that it cannot use, with the first part of the reason. */
const INVALID_SCHEMA = /--json-schema is not a valid JSON Schema: (.{1,300})/;
const NO_FOLDER =
  'The working directory of the agent does not exist on this server, or is not a folder.';
const NO_PROGRAM =
  'The agent executable is not installed on this server, or is for another platform.';
const NO_RESOURCES = 'The server has no resources for another agent. Try again later.';

/** Returns the failure of an agent whose process was never created. */
export function startFailure(cause: unknown): AgentFailure {
  if (cause instanceof AgentFailure) return cause;
  // Its message is a sentence about variables, without their values.
  if (cause instanceof UnsupportedCredentialsError)
    return new AgentFailure(cause.message, { cause });
  if (isScarcity(cause)) return new AgentFailure(NO_RESOURCES, { cause });
  const text = cause instanceof Error ? cause.message : String(cause);
  if (/CLI binary .*not found|binary not found|executable not found/i.test(text)) {
    return new AgentFailure('The agent executable is not installed on this server.', { cause });
  }
  return new AgentFailure('The agent could not be started. See the server log.', { cause });
}

/**
 * Returns the failure of an agent whose process ended without `close`. The fault is the reason why the
 * server ended the process; null if it did not.
 */
export async function exitFailure(
  exit: ProcessExit,
  context: {
    cwd: string;
    stderr: string;
    fault: string | null;
    thrown: unknown;
    walls?: AgentWalls | undefined;
    program?: string;
  },
): Promise<AgentFailure> {
  const { cwd, stderr, fault, thrown, walls, program } = context;
  if (exit.exceeded) return limitFailure(exit.exceeded, walls?.limits);
  const hasNoWalls =
    walls !== undefined && (exit.error !== undefined || SANDBOX_ERROR.test(stderr));
  const message = hasNoWalls
    ? await wallsMessage(exit.error, { cwd, program })
    : exit.error === undefined
      ? (fault ?? exitMessage(exit, stderr))
      : await spawnMessage(exit.error, cwd);
  return new AgentFailure(message, { cause: exit.error ?? thrown, stderr });
}

const GIB = 1024 ** 3;

function limitFailure(limit: ExceededLimit, limits: SandboxLimits | undefined): AgentFailure {
  const words = {
    memory: `of memory${given(limits?.memoryBytes, GIB, 'GiB')}`,
    processes: `of processes and threads${given(limits?.processes)}`,
    cpu: `of processor time${given(limits?.cpuSeconds, 1, 'seconds')}`,
  }[limit];
  const message = `The agent exceeded its limit ${words}, so the server ended it. Send a message to continue.`;
  return new AgentFailure(message, { code: `agent_${limit}_exceeded` });
}

/** Returns a limit in parentheses; nothing where it is not known. */
function given(value: number | null | undefined, unit = 1, name = ''): string {
  if (value == null) return '';
  const amount = Math.round((value / unit) * 100) / 100;
  return ` (${`${amount} ${name}`.trim()})`;
}

function exitMessage({ code, signal }: ProcessExit, stderr: string): string {
  if (/cannot be used with root/.test(stderr)) {
    return "The permission mode 'bypassPermissions' is not available on a server that runs as root.";
  }
  const schemaProblem = INVALID_SCHEMA.exec(stderr)?.[1];
  if (schemaProblem !== undefined) {
    return `The output format is not a valid JSON Schema: ${schemaProblem}`;
  }
  return `The agent process ended unexpectedly (${signal === null ? `exit code ${code}` : `signal ${signal}`}).`;
}

/** Returns the message about a sandbox that did not start the agent. */
async function wallsMessage(
  error: unknown,
  { cwd, program }: { cwd: string; program: string | undefined },
): Promise<string> {
  if (!(await isFolder(cwd))) return NO_FOLDER;
  if (isScarcity(error)) return NO_RESOURCES;
  if (program !== undefined && !existsSync(program)) return NO_PROGRAM;
  return 'The sandbox of the agents does not work on this server at present. See the server log.';
}

async function spawnMessage(error: NodeJS.ErrnoException, cwd: string): Promise<string> {
  // The system reports a missing working directory like a missing executable.
  if (!(await isFolder(cwd))) return NO_FOLDER;
  if (isScarcity(error)) return NO_RESOURCES;
  switch (error.code) {
    case 'ENOENT':
      return NO_PROGRAM;
    case 'EACCES':
      return 'The server has no permission to run the agent executable in this working directory.';
    default:
      return 'The agent executable cannot run on this server.';
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
