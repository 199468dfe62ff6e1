import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Environment } from './read-setting.js';

/** How often the processes that started the server are looked up, in milliseconds. */
const CHECK_MS = 1000;

interface Process {
  readonly parent: number;
  readonly command: string;
}

/**
 * Calls a function once when the npm or npx that started this process has ended. npm passes a signal
 * to a shell only, which ends without its children, and passes on no SIGKILL and no SIGHUP: the server
 * would go on without a starter, and keep its port. The timer keeps no process alive.
 *
 * Does nothing for a process that was started in another way, for example by a process manager, and
 * on Windows.
 */
export function onStarterEnd(env: Environment, callback: () => void): void {
  if (env['npm_command'] === undefined || process.platform === 'win32') return;
  const starters = findStarters();
  if (starters.length === 0) return;
  const timer = setInterval(() => {
    if (starters.every(({ child, pid }) => parentOf(child) === pid)) return;
    clearInterval(timer);
    callback();
  }, CHECK_MS);
  timer.unref();
}

/** Returns the links from this process to its npm: directly, or with the shell of npm between them. */
function findStarters(): { child: number; pid: number }[] {
  const parent = lookUp(process.ppid);
  const first = { child: process.pid, pid: process.ppid };
  if (parent === null) return [];
  if (isNpm(parent.command)) return [first];
  const grandparent = lookUp(parent.parent);
  if (grandparent === null || !isNpm(grandparent.command)) return [];
  return [first, { child: process.ppid, pid: parent.parent }];
}

function isNpm(command: string): boolean {
  return /(?:^|[\s/])(?:npm|npx)(?:[\s.-]|$)/.test(command);
}

/** Returns null when the process does not exist, or cannot be looked up. */
function parentOf(pid: number): number | null {
  return pid === process.pid ? process.ppid : (lookUp(pid)?.parent ?? null);
}

function lookUp(pid: number): Process | null {
  try {
    if (process.platform !== 'linux') return readPs(pid);
    // The name in parentheses may itself contain parentheses and spaces.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return { parent: Number(stat.split(' ')[1]), command };
  } catch {
    return null;
  }
}

function readPs(pid: number): Process | null {
  const output = execFileSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [, parent, command] = /^ *(\d+) +(.*)$/m.exec(output) ?? [];
  return parent === undefined || command === undefined ? null : { parent: Number(parent), command };
}
