import { spawn, type SpawnOptions } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import type { SpawnedProcess } from '@anthropic-ai/claude-agent-sdk';
import type { ExceededLimit } from '../../engine/agent-sandbox.js';

/** A child process, or one that could not be started: then it has no id, and emits `error`. */
export interface PipedProcess extends SpawnedProcess {
  readonly pid?: number | undefined;
  readonly stderr: Readable;
  /** The limit for which its sandbox ended it; null for none. */
  readonly exceeded?: ExceededLimit | null;
  /** Lets the server exit while the process runs. */
  unref(): void;
}

export interface PipedOptions extends Pick<SpawnOptions, 'cwd' | 'env' | 'detached'> {
  /** False to discard what the process writes. @default true */
  hasOutput?: boolean;
}

/**
 * Starts a process whose standard input is a pipe. It never throws, and an error of the process is never
 * unhandled.
 *
 * Node reports a start that the system refuses in three ways: it throws (ENOMEM), it emits `error`
 * (EAGAIN, ENOENT), or it emits `error` on a process without pipes (EMFILE). Here, all of them are an
 * `error` event, after this call, on a process with ended pipes.
 */
export function spawnPiped(
  command: string,
  args: readonly string[],
  { hasOutput = true, ...options }: PipedOptions,
): PipedProcess {
  const output = hasOutput ? 'pipe' : 'ignore';
  try {
    const child = spawn(command, args, {
      ...options,
      stdio: ['pipe', output, output],
      windowsHide: true,
    });
    // Before anything else: without a listener, the event would end the server.
    child.on('error', () => {});
    const { stdin, stdout, stderr } = child as {
      [name in 'stdin' | 'stdout' | 'stderr']?: unknown;
    };
    if (!stdin || (hasOutput && (!stdout || !stderr))) return unstarted(startError(child));
    return child as PipedProcess;
  } catch (error) {
    return unstarted(Promise.resolve(error as Error));
  }
}

/** Resolves to the error of a process that could not be started. Call it in the same tick as its start. */
export function startError(child: Pick<PipedProcess, 'once'>): Promise<Error> {
  return new Promise((resolve) => child.once('error', resolve));
}

/** Returns a process that reports this error as the reason why it could not be started. */
export function unstarted(error: Promise<Error>): PipedProcess {
  return new UnstartedProcess(error);
}

class UnstartedProcess extends EventEmitter implements PipedProcess {
  readonly stdin: Writable = new PassThrough().end().resume();
  readonly stdout: Readable = new PassThrough().end();
  readonly stderr: Readable = new PassThrough().end();
  readonly killed = false;
  readonly exitCode = null;

  constructor(error: Promise<Error>) {
    super();
    this.on('error', () => {});
    void error.then((reason) => this.emit('error', reason));
  }

  kill(): boolean {
    return false;
  }

  unref(): void {}
}
