/** The environment variable that marks an agent and its descendants as belonging to this server. */
export const MARKER_VARIABLE = 'AGENT_WEBKIT_PROCESS';

export interface SweepOptions {
  /** How long the processes may take after SIGTERM before they are sent SIGKILL, in milliseconds. */
  graceMs: number;
  /** How long to keep trying while some processes do not end, in milliseconds. */
  limitMs: number;
}

export interface ProcessSweep {
  /**
   * Returns the ids of the running processes whose environment has the marker, and of their
   * descendants, without this process and without process 1.
   *
   * @throws when the system has no file descriptor or memory left to look them up
   */
  find: (marker: string) => Promise<number[]>;
  /**
   * Ends the processes that `find` returns, with SIGTERM, then SIGKILL. Resolves to the ids of those
   * that could not be killed.
   *
   * @throws when the processes could not be looked up until `limitMs` was over. Call it again then.
   */
  sweep: (marker: string, options: SweepOptions) => Promise<number[]>;
}

/**
 * Finds and ends processes by a marker in their environment. A process group is not sufficient: the
 * shells of the agent's Bash tool have a session and a group of their own, while their descendants
 * inherit the environment.
 *
 * - Linux: reads `/proc/<pid>/environ`. Misses a process that cleared its environment *and* whose
 *   marked ancestors have ended.
 * - macOS: runs `ps -E`, which does not show the environment of system binaries; those are found as
 *   descendants only.
 * - Windows: finds nothing. There, the agent exits when its pipes close.
 *
 * The function uses nothing from outside itself but globals, because the warden runs its source text.
 */
/* istanbul ignore next: a coverage counter in the source text would be a name from outside */
export function createProcessSweep(variable: string): ProcessSweep {
  interface Entry {
    pid: number;
    parent: number;
    isMarked: boolean;
  }

  // Says nothing about the process that is being read.
  // oxlint-disable-next-line consistent-function-scoping -- the source text of the outer function must contain it
  const isScarcity = (error: unknown): boolean =>
    ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'].includes((error as NodeJS.ErrnoException).code ?? '');

  const readProc = async (marker: string): Promise<Entry[]> => {
    const { readdir, readFile } = await import('node:fs/promises');
    // A process may end at any moment, and another user's may not be read. Both are read as empty.
    const read = (path: string) =>
      readFile(path, 'latin1').catch((error: unknown) => {
        if (isScarcity(error)) throw error;
        return '';
      });
    const entries: Entry[] = [];
    for (const name of await readdir('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      const stat = await read(`/proc/${name}/stat`);
      // The command is in parentheses and may contain any character: the fields begin after the last ')'.
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
    const output = await new Promise<string>((resolve, reject) => {
      const args = ['-axEww', '-o', 'pid=,ppid=,stat=,command='];
      execFile('ps', args, { maxBuffer: 2 ** 26 }, (error, stdout) => {
        if (isScarcity(error ?? {})) reject(error);
        // Without a process list, the agent is left to exit on its closed pipes.
        else resolve(error ? '' : stdout);
      });
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
    const startedAt = performance.now();
    const signalled = new Set<number>();
    for (;;) {
      const pids = await find(marker).catch(async (error: unknown) => {
        if (performance.now() - startedAt >= limitMs) throw error;
        await delay(25);
        return null;
      });
      if (pids === null) continue;
      const elapsedMs = performance.now() - startedAt;
      if (pids.length === 0 || elapsedMs >= limitMs) return pids;
      const isOver = elapsedMs >= graceMs;
      for (const pid of pids) {
        if (!isOver && signalled.has(pid)) continue;
        signalled.add(pid);
        try {
          process.kill(pid, isOver ? 'SIGKILL' : 'SIGTERM');
        } catch {
          // The process has ended meanwhile or belongs to another user. The next scan shows which.
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
