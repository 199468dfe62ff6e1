import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { BubblewrapStart } from './bubblewrap-process.js';
import { CHANNEL_FD } from './launcher.js';

/** This server's end of a file descriptor of its child. */
export type DescriptorPipe = Readable & Writable;

/** How readily the system ends an agent when it has no memory left, from -1000 to 1000. That of the server is 0. */
const OOM_SCORE = 900;

export interface Spawned {
  readonly child: ChildProcess;
  /** Null when the process could not be started. */
  readonly pipes: {
    readonly stdin: Writable;
    readonly stderr: Readable;
    readonly status: DescriptorPipe;
    readonly channel: DescriptorPipe;
  } | null;
  /** Resolves to the error of a process that could not be started. */
  readonly failure: Promise<Error>;
}

/** @throws when the system refuses to start a process in one of its ways */
export function spawnBubblewrap({
  command,
  inputs,
  statusFd,
  inherited,
}: BubblewrapStart): Spawned {
  const [program = '', ...args] = command;
  const piped = [0, 2, statusFd, CHANNEL_FD, ...inputs.keys()];
  const empty = inherited.length === 0 ? null : openSync('/dev/null', 'r+');
  const stdio: StdioOptions = Array.from(
    { length: Math.max(...piped, ...inherited) + 1 },
    (_, descriptor) => {
      if (piped.includes(descriptor)) return 'pipe';
      return inherited.includes(descriptor) ? empty : 'ignore';
    },
  );
  let child: ChildProcess;
  try {
    // A terminal sends its signals to all processes of a group, so it has a group of its own.
    child = spawn(program, args, { stdio, cwd: '/', env: {}, detached: true });
  } finally {
    if (empty !== null) closeSync(empty);
  }
  const failure = new Promise<Error>((resolve) => child.once('error', resolve));
  child.on('error', () => {});
  const all = (child.stdio as unknown as (DescriptorPipe | null)[] | undefined) ?? [];
  // The pipes of a process that ends break. Its end reports that.
  for (const pipe of all) pipe?.on('error', () => {});
  const [stdin, , stderr] = all;
  const [status, channel] = [all[statusFd], all[CHANNEL_FD]];
  if (child.pid === undefined || !stdin || !stderr || !status || !channel) {
    for (const pipe of all) pipe?.destroy();
    return { child, pipes: null, failure };
  }
  preferForEnding(child.pid);
  for (const [descriptor, content] of inputs) all[descriptor]?.end(content);
  return { child, pipes: { stdin, stderr, status, channel }, failure };
}

/** Has the system end an agent before the server when there is no memory left. Its children inherit that. */
function preferForEnding(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(OOM_SCORE));
  } catch {
    // It has ended, or the system does not have this setting.
  }
}
