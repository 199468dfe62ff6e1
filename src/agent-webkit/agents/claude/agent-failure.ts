import { stat } from 'node:fs/promises';

/** The end of a process: its exit code, its signal, or the error that prevented its start. */
export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  error?: NodeJS.ErrnoException;
}

/**
 * An agent could not start, or ended unexpectedly. The message is for clients and contains no paths of
 * this machine; `cause` and `stderr` are for the server's log.
 */
export class AgentFailure extends Error {
  /** The last 4 kB of the agent's standard error. */
  readonly stderr: string;

  constructor(message: string, options: { cause?: unknown; stderr?: string } = {}) {
    super(message, { cause: options.cause });
    this.name = 'AgentFailure';
    this.stderr = options.stderr ?? '';
  }
}

/** Returns the failure of an agent whose process was never created. */
export function startFailure(cause: unknown): AgentFailure {
  if (cause instanceof AgentFailure) return cause;
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
  context: { cwd: string; stderr: string; fault: string | null; thrown: unknown },
): Promise<AgentFailure> {
  const { cwd, stderr, fault, thrown } = context;
  const message =
    exit.error === undefined
      ? (fault ?? exitMessage(exit, stderr))
      : await spawnMessage(exit.error, cwd);
  return new AgentFailure(message, { cause: exit.error ?? thrown, stderr });
}

function exitMessage({ code, signal }: ProcessExit, stderr: string): string {
  if (/cannot be used with root/.test(stderr)) {
    return "The permission mode 'bypassPermissions' is not available on a server that runs as root.";
  }
  return `The agent process ended unexpectedly (${signal === null ? `exit code ${code}` : `signal ${signal}`}).`;
}

async function spawnMessage(error: NodeJS.ErrnoException, cwd: string): Promise<string> {
  // The system reports a missing working directory like a missing executable.
  const isFolder = await stat(cwd).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isFolder)
    return 'The working directory of the agent does not exist on this server, or is not a folder.';
  switch (error.code) {
    case 'ENOENT':
      return 'The agent executable is not installed on this server, or is for another platform.';
    case 'EACCES':
      return 'The server has no permission to run the agent executable in this working directory.';
    case 'EAGAIN':
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOMEM':
      return 'The server has no resources for another agent. Try again later.';
    default:
      return 'The agent executable cannot run on this server.';
  }
}
