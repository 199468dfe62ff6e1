import { statfsSync, statSync } from 'node:fs';
import { listChildren, listProcesses, readProc } from './proc-files.js';

const KIB = 1024;
/** Memory of the kernel for an empty file in a folder in memory, in bytes. The size of the folder does not count it. */
const FILE_BYTES = KIB;

/** The usage of the processes of a sandbox at one moment. */
export interface Usage {
  /** Memory that no file has, in bytes: of processes, in swap, and in the sandbox's own folders in memory. */
  readonly memoryBytes: number;
  /** Processes and threads. */
  readonly processes: number;
}

/**
 * Measures the processes of a sandbox on Linux.
 *
 * A sandbox with a process namespace has a `/proc` of its own, which lists exactly its processes, also those
 * whose parent has ended. Without one, the descendants of its first process are measured.
 *
 * Memory is the sum of `RssAnon`, `RssShmem` and `VmSwap`. Memory that processes share counts once for each
 * of them. A file in memory that no process has mapped counts only in a folder, not behind a descriptor.
 */
export class SandboxUsage {
  readonly #pid: number;
  readonly #proc: string;
  /** The first process inside, once it is inside. */
  #init: number | null = null;
  /** The folders of the sandbox that are in memory. */
  #memoryFolders: string[] = [];

  /** @param pid the process that was started, which is outside */
  constructor(pid: number, proc = '/proc') {
    this.#pid = pid;
    this.#proc = proc;
  }

  /** Returns the usage; null while it is not known, or when the processes have ended. */
  read(maxProcesses: number | null): Usage | null {
    this.#init ??= this.#findInit();
    const folder = this.#init === null ? this.#proc : `${this.#proc}/${this.#init}/root/proc`;
    const pids = this.#init === null ? this.#descendants() : listProcesses(folder);
    if (pids === null || pids.length === 0) return null;
    // Too many are not read one by one, because there may be very many.
    if (maxProcesses !== null && pids.length > maxProcesses) {
      return { memoryBytes: 0, processes: pids.length };
    }
    let memoryBytes = this.#memoryFolders.reduce((sum, path) => sum + usedBytes(path), 0);
    let processes = 0;
    for (const pid of pids) {
      const status = readProc(`${folder}/${pid}/status`);
      if (status === null) continue;
      processes += fieldOf(status, 'Threads');
      const anonymous = fieldOf(status, 'RssAnon') + fieldOf(status, 'VmSwap');
      memoryBytes += (anonymous + fieldOf(status, 'RssShmem')) * KIB;
    }
    return { memoryBytes, processes };
  }

  /** Returns the first process inside; null while it still sees the file systems of the server. */
  #findInit(): number | null {
    const [child] = listChildren(this.#proc, this.#pid);
    if (child === undefined) return null;
    const own = deviceOf(this.#proc);
    const inside = deviceOf(`${this.#proc}/${child}/root/proc`);
    if (own === null || inside === null || own === inside) return null;
    this.#memoryFolders = this.#findMemoryFolders(child);
    return child;
  }

  /** Returns the folders in memory that the sandbox has and the server does not. */
  #findMemoryFolders(init: number): string[] {
    const own = new Set(mountsInMemory(readProc(`${this.#proc}/self/mountinfo`)).keys());
    const inside = mountsInMemory(readProc(`${this.#proc}/${init}/mountinfo`));
    return [...inside]
      .filter(([device]) => !own.has(device))
      .map(([, path]) => `${this.#proc}/${init}/root${path}`);
  }

  #descendants(): number[] {
    const pids = [this.#pid];
    for (const pid of pids) pids.push(...listChildren(this.#proc, pid));
    return pids;
  }
}

/** Returns the mounted file systems that are in memory, by device, with a path of each. */
function mountsInMemory(mountinfo: string | null): Map<string, string> {
  const mounts = new Map<string, string>();
  for (const line of (mountinfo ?? '').split('\n')) {
    const [, , device, , path] = line.split(' ');
    if (device === undefined || path === undefined || !line.includes(' - tmpfs ')) continue;
    mounts.set(
      device,
      path.replaceAll(/\\([0-7]{3})/g, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 8)),
      ),
    );
  }
  return mounts;
}

/** Returns a number of `/proc/<pid>/status`, 0 where it is missing. */
function fieldOf(status: string, name: string): number {
  const start = status.indexOf(`\n${name}:`);
  return start === -1 ? 0 : Number.parseInt(status.slice(start + name.length + 2), 10);
}

function usedBytes(folder: string): number {
  try {
    const { bsize, blocks, bfree, files, ffree } = statfsSync(folder);
    return bsize * (blocks - bfree) + FILE_BYTES * (files - ffree);
  } catch {
    return 0; // the sandbox has ended
  }
}

function deviceOf(path: string): number | null {
  try {
    return statSync(path).dev;
  } catch {
    return null;
  }
}
