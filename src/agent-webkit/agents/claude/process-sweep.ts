/** The variable in the environment of an agent, and so of all it starts, that says whose they are. */
export const MARKER_VARIABLE = 'AGENT_WEBKIT_PROCESS';

export interface SweepOptions {
  /** How long the processes may take after SIGTERM before they get SIGKILL, in milliseconds. */
  graceMs: number;
  /** How long to go on while some do not die, in milliseconds. */
  limitMs: number;
}

export interface ProcessSweep {
  /**
   * The ids of the living processes whose environment carries the marker, and of their descendants.
   * Never this process, never 1.
   */
  find: (marker: string) => Promise<number[]>;
  /** Ends them: SIGTERM, then SIGKILL. Resolves to those left: none, or some that may not be killed. */
  sweep: (marker: string, options: SweepOptions) => Promise<number[]>;
}

/**
 * Finds and ends processes by a marker in their environment. A process group does not do: the shells
 * of the agent's Bash tool have a session and a group of their own, while the environment is
 * inherited by whatever they start.
 *
 * - Linux: `/proc/<pid>/environ`. Missed is a process that cleared its environment *and* whose
 *   marked ancestors are gone.
 * - macOS: `ps -E`, which does not show the environment of the system's own binaries; those count as
 *   descendants only.
 * - Windows: nothing is found. What holds there is that the agent ends itself when its pipes close.
 *
 * The function names nothing outside itself but globals, because the warden runs it from its text.
 */
/* istanbul ignore next: a counter in the text would be a name from outside */
export function createProcessSweep(variable: string): ProcessSweep {
  interface Entry {
    pid: number;
    parent: number;
    isMarked: boolean;
  }

  const readProc = async (marker: string): Promise<Entry[]> => {
    const { readdir, readFile } = await import('node:fs/promises');
    // A process may vanish at any moment, and another user's may not be read: both read as empty.
    const read = (path: string) => readFile(path, 'latin1').catch(() => '');
    const entries: Entry[] = [];
    for (const name of await readdir('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      const stat = await read(`/proc/${name}/stat`);
      // The command stands in brackets and may hold anything, so the fields begin after the last one.
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state === undefined || parent === undefined || 'ZX'.includes(state)) continue;
      const environment = (await read(`/proc/${name}/environ`)).split('\0');
      const value = environment.find((line) => line.startsWith(`${variable}=`));
      entries.push({ pid, parent: Number(parent), isMarked: value?.includes(marker) ?? false });
    }
    return entries;
  };

  const readPs = async (marker: string): Promise<Entry[]> => {
    const { execFile } = await import('node:child_process');
    const output = await new Promise<string>((resolve) => {
      const args = ['-axEww', '-o', 'pid=,ppid=,stat=,command='];
      // Without a list there is nothing to do but to leave the agent to its closed pipes.
      execFile('ps', args, { maxBuffer: 2 ** 26 }, (error, stdout) => resolve(error ? '' : stdout));
    });
    const entries: Entry[] = [];
    for (const line of output.split('\n')) {
      const [, pid, parent, state, command] = /^ *(\d+) +(\d+) +(\S+) +(.*)$/.exec(line) ?? [];
      if (command === undefined || state?.startsWith('Z')) continue;
      const value = command.split(' ').find((word) => word.startsWith(`${variable}=`));
      const isMarked = value?.includes(marker) ?? false;
      entries.push({ pid: Number(pid), parent: Number(parent), isMarked });
    }
    return entries;
  };

  const find = async (marker: string): Promise<number[]> => {
    let entries: Entry[] = [];
    if (process.platform === 'linux') entries = await readProc(marker);
    else if (process.platform !== 'win32') entries = await readPs(marker);
    const found = new Set(entries.filter((entry) => entry.isMarked).map((entry) => entry.pid));
    for (let size = -1; size !== found.size;) {
      size = found.size;
      for (const { pid, parent } of entries) if (found.has(parent)) found.add(pid);
    }
    return [...found].filter((pid) => pid > 1 && pid !== process.pid);
  };

  const sweep = async (marker: string, { graceMs, limitMs }: SweepOptions): Promise<number[]> => {
    const { setTimeout: delay } = await import('node:timers/promises');
    const begun = performance.now();
    const asked = new Set<number>();
    for (;;) {
      const pids = await find(marker);
      const elapsedMs = performance.now() - begun;
      if (pids.length === 0 || elapsedMs >= limitMs) return pids;
      const isOver = elapsedMs >= graceMs;
      for (const pid of pids) {
        if (!isOver && asked.has(pid)) continue;
        asked.add(pid);
        try {
          process.kill(pid, isOver ? 'SIGKILL' : 'SIGTERM');
        } catch {
          // Gone meanwhile, or another user's: the next look tells.
        }
      }
      await delay(25);
    }
  };

  return { find, sweep };
}

const { find, sweep } = createProcessSweep(MARKER_VARIABLE);

/** See {@link ProcessSweep.find}. */
export const findProcesses = find;

/** See {@link ProcessSweep.sweep}. */
export const sweepProcesses = sweep;
