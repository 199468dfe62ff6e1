// What Linux knows about this process; null elsewhere.
import { readFileSync } from 'node:fs';

/** For how long the main thread was ready to run and had no processor, in milliseconds. */
export function waitedForCpuMs() {
  const [, waitedNs] = read('/proc/self/schedstat')?.split(' ') ?? [];
  return waitedNs === undefined ? null : Number(waitedNs) / 1e6;
}

/** How much this process has had written to disks. */
export function writtenBytes() {
  const bytes = /^write_bytes: (\d+)$/m.exec(read('/proc/self/io') ?? '')?.[1];
  return bytes === undefined ? null : Number(bytes);
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null; // not on this system
  }
}
