import { mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxLimits } from '../../engine/agent-sandbox.js';
import type { DelegatedGroup } from './delegated-group.js';
import { hardProcessLimit } from './limit-lines.js';
import { readProc } from './proc-files.js';

const PREFIX = 'agent-webkit-agent-';
/** The period of `cpu.max`, in microseconds. */
const CPU_PERIOD_US = 100_000;
/** How often, and how many times, a group is removed whose processes are still ending. */
const REMOVAL_INTERVAL_MS = 50;
const REMOVAL_ATTEMPTS = 200;

/**
 * A shell that enters the group of its second argument, and then becomes the program of the others. Without
 * the group, it starts nothing.
 */
const ENTER = 'echo 0 > "$1/cgroup.procs" && shift && exec "$@"';

/** A group of cgroup v2 for one agent. */
export class AgentGroup {
  readonly #folder: string;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Creates a group with these limits.
   *
   * @throws the error of the system, and then there is no such group
   */
  constructor(parent: DelegatedGroup, name: string, limits: SandboxLimits) {
    this.#folder = join(parent.folder, PREFIX + name);
    mkdirSync(this.#folder);
    try {
      this.#setLimits(limits, parent.controllers);
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** The command to put before one that is to run in the group. */
  get prefix(): readonly string[] {
    return ['/bin/sh', '-c', ENTER, 'sh', this.#folder];
  }

  /** True when a process was ended because the group had reached its memory limit. */
  get hasExceededMemory(): boolean {
    // Those that the system ends because the whole machine has no memory left count as oom_kill only.
    return this.#count('memory.events', 'oom') > 0 && this.#count('memory.events', 'oom_kill') > 0;
  }

  /** True when a process or thread was refused because the group had reached its limit. */
  get hasExceededProcesses(): boolean {
    return this.#count('pids.events', 'max') > 0;
  }

  /** Ends everything in the group, and removes it when all of that has ended. */
  remove(): void {
    killGroup(this.#folder);
    this.#remove(REMOVAL_ATTEMPTS);
  }

  #remove(attempts: number): void {
    clearTimeout(this.#timer);
    if (removeGroup(this.#folder) || attempts === 0) return;
    this.#timer = setTimeout(() => this.#remove(attempts - 1), REMOVAL_INTERVAL_MS);
    this.#timer.unref();
  }

  /** Returns how often an event has happened in the group; 0 where the system does not count it. */
  #count(file: string, name: string): number {
    const events = readProc(join(this.#folder, file)) ?? '';
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(events)?.[1] ?? 0);
  }

  #setLimits(
    { memoryBytes, processes, cpus }: SandboxLimits,
    controllers: readonly string[],
  ): void {
    const write = (file: string, value: string) => writeFileSync(join(this.#folder, file), value);
    if (memoryBytes !== null) {
      write('memory.max', String(memoryBytes));
      write('memory.oom.group', '1');
      try {
        write('memory.swap.max', '0');
      } catch {
        // A kernel without swap does not have this file.
      }
    }
    if (processes !== null) write('pids.max', String(hardProcessLimit(processes)));
    if (cpus !== null && controllers.includes('cpu')) {
      // The kernel accepts no less than 1000.
      const quota = Math.max(1000, Math.round(cpus * CPU_PERIOD_US));
      write('cpu.max', `${quota} ${CPU_PERIOD_US}`);
    }
  }
}

/** Returns a name that says which server a group belongs to, also when another process has its id later. */
export function groupName(number: number, proc = '/proc'): string {
  return `${process.pid}-${startOf(process.pid, proc)}-${number}`;
}

/** Removes the groups of servers that have ended without doing so. */
export function removeLeftGroups({ folder }: DelegatedGroup, proc = '/proc'): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(PREFIX)) continue;
    const [pid, start] = name.slice(PREFIX.length).split('-');
    if (start === undefined || startOf(Number(pid), proc) === start) continue;
    killGroup(join(folder, name));
    removeGroup(join(folder, name));
  }
}

/** Ends everything in a group. */
function killGroup(folder: string): void {
  try {
    writeFileSync(join(folder, 'cgroup.kill'), '1');
  } catch {
    // The group is gone, or the kernel is older than 5.14. The sandbox ends its processes as well.
  }
}

/** Returns true when the group is removed, false while it has processes. */
function removeGroup(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** Returns when a process was started, in ticks since the boot; null when there is no such process. */
function startOf(pid: number, proc: string): string | null {
  const stat = readProc(`${proc}/${pid}/stat`);
  if (stat === null) return null;
  // The command is in parentheses and may contain any character: the fields begin after the last ')'.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}
