import type { ExceededLimit, SandboxLimits } from '../../engine/agent-sandbox.js';
import { AgentGroup, groupName, removeLeftGroups } from './agent-group.js';
import { type DelegatedGroup, findDelegatedGroup } from './delegated-group.js';
import { describeLimits } from './describe-limits.js';
import { limitLines } from './limit-lines.js';
import { SandboxUsage } from './sandbox-usage.js';
import { UsageWatch } from './usage-watch.js';

/** The exit code of a shell or a sandbox whose program was ended by SIGXCPU. */
const CPU_EXIT_CODE = 128 + 24;

/** The number of groups so far, of all sandboxes of this process. */
let programs = 0;

/** The process of a sandbox, outside. */
export interface LimitedProcess {
  readonly pid?: number | undefined;
  kill(signal: 'SIGKILL'): unknown;
}

/** The limits of one program in a sandbox. Call {@link end} once, also when it could not be started. */
export interface ProgramLimits {
  /** The command, with its first arguments, to put before that of the sandbox. Often empty. */
  readonly prefix: readonly string[];
  /** The lines of a POSIX shell to run inside the sandbox before the program. */
  readonly lines: readonly string[];
  /** Watches the program. Call it when the process of the sandbox was spawned. */
  watch(sandbox: LimitedProcess): void;
  /**
   * Ends the watch and removes what belongs to it. Returns the limit that the program exceeded; null for
   * none. Call it when the process has ended, before that is reported.
   */
  end(exit: { code: number | null; signal: NodeJS.Signals | null }): ExceededLimit | null;
}

/** The parts of {@link ProcessLimits} that tests replace. */
export interface ProcessLimitsParts {
  readonly platform?: NodeJS.Platform;
  /** Finds the group in which the groups of agents are created, or says why there is none. */
  readonly findGroup?: () => DelegatedGroup | string;
  /** The folder `/proc`. */
  readonly proc?: string;
}

/**
 * Holds the limits of the programs in the sandboxes of this server, by what the system offers:
 *
 * - limits of the system for each process, which a shell inside sets
 * - a group of cgroup v2 for each program, where one is delegated to the server
 * - a watch over the usage of all programs, on Linux
 *
 * A sandbox creates one of these, and calls {@link begin} for each program.
 */
export class ProcessLimits {
  readonly #platform: NodeJS.Platform;
  readonly #findGroup: () => DelegatedGroup | string;
  readonly #proc: string;
  readonly #watch = new UsageWatch();
  #group: DelegatedGroup | string | undefined;

  constructor({
    platform = process.platform,
    findGroup = findDelegatedGroup,
    proc = '/proc',
  }: ProcessLimitsParts = {}) {
    this.#proc = proc;
    this.#platform = platform;
    this.#findGroup = findGroup;
  }

  /** Finds out what this machine offers, and removes what an earlier server has left. Later calls do nothing. */
  prepare(): void {
    if (this.#group !== undefined) return;
    this.#group = this.#platform === 'linux' ? this.#findGroup() : 'Only Linux has cgroups.';
    if (typeof this.#group === 'string') return;
    try {
      removeLeftGroups(this.#group, this.#proc);
    } catch {
      // They have no effect on this server.
    }
  }

  /** Returns sentences for the log of the server: which limits hold here, and by what. */
  describe(limits: SandboxLimits): string {
    this.prepare();
    return describeLimits(limits, this.#platform, this.#group ?? '');
  }

  begin(limits: SandboxLimits): ProgramLimits {
    this.prepare();
    const group = this.#createGroup(limits);
    let exceeded: ExceededLimit | null = null;
    let stop: (() => void) | undefined;
    return {
      prefix: group?.prefix ?? [],
      lines: limitLines(limits, this.#platform),
      watch: (sandbox) => {
        const { pid } = sandbox;
        if (pid === undefined || this.#platform !== 'linux') return;
        const usage = new SandboxUsage(pid, this.#proc);
        stop = this.#watch.add({
          limits,
          usage: () => usage.read(limits.processes),
          onExceeded: (limit) => {
            exceeded = limit;
            sandbox.kill('SIGKILL');
          },
        });
      },
      end: ({ code, signal }) => {
        stop?.();
        if (group?.hasExceededMemory === true) exceeded ??= 'memory';
        // The agent may have ended before the watch looked, because it could not start a thread any more.
        if (group?.hasExceededProcesses === true) exceeded ??= 'processes';
        group?.remove();
        const isCpu = code === CPU_EXIT_CODE || signal === 'SIGXCPU';
        return exceeded ?? (isCpu && limits.cpuSeconds !== null ? 'cpu' : null);
      },
    };
  }

  /** Returns a group for a program; null where there is none. The watch holds the limits then. */
  #createGroup(limits: SandboxLimits): AgentGroup | null {
    if (this.#group === undefined || typeof this.#group === 'string') return null;
    programs += 1;
    try {
      return new AgentGroup(this.#group, groupName(programs, this.#proc), limits);
    } catch {
      return null;
    }
  }
}
