import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Environment } from './read-setting.js';

/** How often the processes that started the server are looked up, in milliseconds. */
const CHECK_MS = 1000;

/** A running process. */
export interface Process {
  readonly parent: number;
  readonly command: string;
  /** The id of its session, which `setsid` changes; null if it cannot be looked up. */
  readonly session: number | null;
}

/** Returns null when the process does not exist, or cannot be looked up. */
export type LookUp = (pid: number) => Process | null;

/** The links from this process to its npm: directly, or with the shell of npm between them. */
type Links = readonly { child: number; pid: number }[];

/**
 * Calls a function once when the npm or npx that started this process has ended. npm passes a signal
 * to a shell only, which ends without its children, and passes on no SIGKILL and no SIGHUP: the server
 * would go on without a starter, and keep its port. The timer keeps no process alive.
 *
 * Does nothing for a process that was started in another way, for example by a process manager, for one
 * that was detached from npm by `setsid`, and on Windows.
 */
export function onStarterEnd(
  env: Environment,
  callback: () => void,
  lookUp: LookUp = lookUpProcess,
): void {
  if (env['npm_command'] === undefined || process.platform === 'win32') return;
  const starters = findStarters(lookUp);
  if (starters.length === 0) return;
  const timer = setInterval(() => {
    if (starters.every(({ child, pid }) => isParent(pid, child, lookUp))) return;
    clearInterval(timer);
    callback();
  }, CHECK_MS);
  timer.unref();
}

function findStarters(lookUp: LookUp): Links {
  const parent = lookUp(process.ppid);
  const first = { child: process.pid, pid: process.ppid };
  if (parent === null) return [];
  const session = lookUp(process.pid)?.session;
  if (isNpm(parent.command)) return parent.session === session ? [first] : [];
  const grandparent = lookUp(parent.parent);
  if (grandparent === null || !isNpm(grandparent.command)) return [];
  if (grandparent.session !== session) return [];
  return [first, { child: process.ppid, pid: parent.parent }];
}

function isNpm(command: string): boolean {
  return /(?:^|[\s/])(?:npm|npx)(?:[\s.-]|$)/.test(command);
}

/**
 * The parent of this process lives as long as it is the parent. If it cannot be looked up, this process
 * has no file descriptor left, for example, and nothing is known.
 */
function isParent(pid: number, child: number, lookUp: LookUp): boolean {
  if (child === process.pid) return process.ppid === pid;
  const found = lookUp(child);
  return found === null || found.parent === pid;
}

function lookUpProcess(pid: number): Process | null {
  try {
    if (process.platform !== 'linux') return readPs(pid);
    // The name in parentheses may itself contain parentheses and spaces.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    const [, parent, , session] = stat.split(' ').map(Number);
    return { parent: parent ?? 0, command, session: session ?? null };
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
  return parent === undefined || command === undefined
    ? null
    : { parent: Number(parent), command, session: null };
}
