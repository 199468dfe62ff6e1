import type { SandboxLimits } from '../../engine/agent-sandbox.js';

const KIB = 1024;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/**
 * The lowest limit for the data of one process, in bytes. Claude Code reserves as much address space as it is
 * given: it works with 1.6 GB and more, and aborts at its start with 1.3 GB or 0.6 GB.
 */
const MIN_DATA_BYTES = 3 * GIB;
/** Memory for the agent itself beside its largest tool, in bytes. It has about 130 MB after its start. */
const AGENT_BYTES = 512 * MIB;
/** The time from SIGXCPU, which a process can handle, to SIGKILL, in seconds of processor time. */
const CPU_GRACE_SECONDS = 5;
/** The most file descriptors of one process. */
const MAX_DESCRIPTORS = 16_384;
/**
 * How many more processes and threads a process limit of the system permits. Far above the limit, so that an
 * agent that exceeds it is noticed and ended, and does not crash before for want of a thread.
 */
const PROCESSES_BESIDES = 1024;
/** How readily the system ends a process when it has no memory left, from -1000 to 1000. That of the server is 0. */
const OOM_SCORE = 900;

/**
 * Returns the lines of a POSIX shell, inside the sandbox, that set the limits of the system for each process
 * of an agent. dash, bash and busybox understand them. A line whose limit the system refuses has no effect,
 * for example where a lower one is in force already.
 *
 * The limit for processes counts those of the user in the innermost user namespace, so it is for sandboxes
 * that create one. The system does not apply it to the processes of a server that runs as root.
 */
export function limitLines(
  limits: SandboxLimits,
  platform: NodeJS.Platform = process.platform,
): string[] {
  const isLinux = platform === 'linux';
  const { memoryBytes, processes, cpuSeconds, fileBytes } = limits;
  const lines = ['ulimit -c 0', `ulimit -n ${MAX_DESCRIPTORS}`];
  if (fileBytes !== null) lines.push(`ulimit -f ${Math.ceil(fileBytes / 512)}`);
  if (cpuSeconds !== null) {
    lines.push(`ulimit -S -t ${cpuSeconds}`, `ulimit -H -t ${cpuSeconds + CPU_GRACE_SECONDS}`);
  }
  if (isLinux && memoryBytes !== null) lines.push(`ulimit -d ${dataBytes(memoryBytes) / KIB}`);
  if (isLinux && processes !== null) {
    // In dash, -p is the number of processes. In bash, it is the size of a pipe.
    const most = processes + PROCESSES_BESIDES;
    lines.push(`ulimit -u ${most} 2>/dev/null || ulimit -p ${most}`);
  }
  if (isLinux) lines.push(`echo ${OOM_SCORE} > /proc/self/oom_score_adj`);
  return lines.map((line) => `{ ${line}; } 2>/dev/null || :`);
}

/** Returns the limit for the data of one process, so that one tool alone fails before the agent is ended. */
export function dataBytes(memoryBytes: number): number {
  return Math.max(MIN_DATA_BYTES, Math.ceil((memoryBytes - AGENT_BYTES) / KIB) * KIB);
}

/**
 * Returns how many processes and threads a cgroup permits. It is above the limit, so that an agent that
 * exceeds the limit is noticed and ended, instead of staying at it.
 */
export function hardProcessLimit(processes: number): number {
  return processes + Math.max(16, Math.ceil(processes / 8));
}
