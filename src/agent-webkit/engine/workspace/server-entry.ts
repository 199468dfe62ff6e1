import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** Identifies a running process, also on another machine or in another container. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** The namespace in which the pid is valid; null where the system has none. */
  readonly namespace: string | null;
  /** When the process started, in the system's own unit; null where it cannot be read. */
  readonly startedAt: string | null;
}

export async function identifyThisProcess(): Promise<ProcessIdentity> {
  return {
    host: hostname(),
    pid: process.pid,
    namespace: await namespaceOfThisProcess(),
    startedAt: await startOf(process.pid),
  };
}

/** Returns true when a process has certainly ended, and false when that cannot be known here. */
export async function hasEnded(known: ProcessIdentity): Promise<boolean> {
  const { host, pid, namespace, startedAt } = known;
  if (namespace === null || startedAt === null || host !== hostname()) return false;
  if (namespace !== (await namespaceOfThisProcess())) return false;
  return (await startOf(pid)) !== startedAt;
}

async function namespaceOfThisProcess(): Promise<string | null> {
  try {
    // The id of a boot, because the names of namespaces repeat after one.
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return `${boot.trim()} ${await readlink('/proc/self/ns/pid')}`;
  } catch {
    return null; // not Linux
  }
}

async function startOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name of the program is in parentheses, and may contain any character. The start is field 22.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null; // there is no such process
  }
}
