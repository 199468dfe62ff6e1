import { readdirSync, readFileSync, statSync } from 'node:fs';

/** The file descriptors of a process. */
export interface DescriptorCount {
  readonly used: number;
  /** The number that the process may use. */
  readonly limit: number;
}

/** The count of a process that cannot open another file, and so cannot count either. */
export const NONE_LEFT: DescriptorCount = { used: 1, limit: 1 };

/** The errors of such a process. */
const EXHAUSTED: readonly unknown[] = ['EMFILE', 'ENFILE'];

/**
 * Counts the file descriptors of this process. Takes about 20 µs with Linux 6.2 or later, and before that
 * some milliseconds for 10,000 of them.
 *
 * @returns null where they are unlimited, or where the system does not tell them: only Linux does
 */
export function countDescriptors(): DescriptorCount | null {
  if (process.platform !== 'linux') return null;
  try {
    // Read each time, because `prlimit` changes it while the process runs.
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const limit = Number(/^Max open files +(\d+)/m.exec(limits)?.[1]);
    if (Number.isNaN(limit)) return null;
    const { size } = statSync('/proc/self/fd');
    return { used: size > 0 ? size : readdirSync('/proc/self/fd').length, limit };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    return EXHAUSTED.includes(code) ? NONE_LEFT : null;
  }
}
