import { stat } from 'node:fs/promises';

/** How a process ended: its exit code, the signal, or the error that kept it from starting. */
export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  error?: NodeJS.ErrnoException;
}

/**
 * Why an agent could not start, or ended by itself. The message is a sentence for clients, without
 * paths of this machine; `cause` and `stderr` are for the server's log.
 */
export class AgentFailure extends Error {
  /** The last 4 kB of what the agent wrote to its standard error. */
  readonly stderr: string;

  constructor(message: string, options: { cause?: unknown; stderr?: string } = {}) {
    super(message, { cause: options.cause });
    this.name = 'AgentFailure';
    this.stderr = options.stderr ?? '';
  }
}

/** The failure of an agent that did not come to have a process. */
export function startFailure(cause: unknown): AgentFailure {
  if (cause instanceof AgentFailure) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  if (/CLI binary .*not found|binary not found|executable not found/i.test(text)) {
    return new AgentFailure("The agent's program is not installed on this server.", { cause });
  }
  return new AgentFailure('The agent could not be started.', { cause });
}

/** The failure of an agent whose process ended unasked. */
export async function exitFailure(
  exit: ProcessExit,
  { cwd, stderr, thrown }: { cwd: string; stderr: string; thrown: unknown },
): Promise<AgentFailure> {
  const sentence =
    exit.error === undefined ? endSentence(exit, stderr) : await spawnSentence(exit.error, cwd);
  return new AgentFailure(sentence, { cause: exit.error ?? thrown, stderr });
}

function endSentence({ code, signal }: ProcessExit, stderr: string): string {
  if (/cannot be used with root/.test(stderr)) {
    return 'The permission mode bypassPermissions is refused to a server that runs as root.';
  }
  return `The agent process ended unexpectedly (${signal === null ? `exit code ${code}` : `signal ${signal}`}).`;
}

async function spawnSentence(error: NodeJS.ErrnoException, cwd: string): Promise<string> {
  // The system reports a missing folder as it does a missing program.
  const isFolder = await stat(cwd).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isFolder) return "The agent's working directory does not exist on this server.";
  switch (error.code) {
    case 'ENOENT':
      return "The agent's program is not installed on this server, or not the one for its system.";
    case 'EACCES':
      return "The server may not run the agent's program, or not in this working directory.";
    case 'EAGAIN':
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOMEM':
      return 'The server has no room for another agent. Try again later.';
    default:
      return "The agent's program cannot run on this server.";
  }
}
