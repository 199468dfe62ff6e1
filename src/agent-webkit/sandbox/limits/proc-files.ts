import { closeSync, openSync, readdirSync, readSync } from 'node:fs';

const buffer = Buffer.allocUnsafe(64 * 1024);

/** Returns the text of a file of `/proc`, up to 64 KiB; null when its process has ended or may not be read. */
export function readProc(path: string): string | null {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    let length = 0;
    for (;;) {
      const read = readSync(file, buffer, length, buffer.length - length, null);
      length += read;
      if (read === 0 || length === buffer.length) return buffer.toString('latin1', 0, length);
    }
  } catch {
    return null;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Returns the ids of the processes that a `/proc` folder lists; null when it cannot be read. */
export function listProcesses(folder: string): number[] | null {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return null;
  }
}

/** Returns the ids of the children of a process, of all its threads. */
export function listChildren(proc: string, pid: number): number[] {
  const threads = listProcesses(`${proc}/${pid}/task`) ?? [];
  return threads.flatMap((thread) =>
    (readProc(`${proc}/${pid}/task/${thread}/children`) ?? '').split(' ').flatMap(toPid),
  );
}

function toPid(text: string): number[] {
  const pid = Number(text.trim());
  return text.trim() !== '' && Number.isInteger(pid) ? [pid] : [];
}
