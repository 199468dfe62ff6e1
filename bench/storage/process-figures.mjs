// Figures of this process that Linux provides. They are null on other systems.
import { readFileSync } from 'node:fs';

/** Returns how long the main thread was ready to run but had no processor, in milliseconds. */
export function waitedForCpuMs() {
  const [, waitedNs] = read('/proc/self/schedstat')?.split(' ') ?? [];
  return waitedNs === undefined ? null : Number(waitedNs) / 1e6;
}

/** Returns the number of bytes that this process has caused to be written to disks. */
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
