import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** Sends a signal to a process. Returns false when it does not exist. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/**
 * Returns the process id on this machine of a program inside; null when it has ended.
 *
 * @param launcher the process id of its parent on this machine
 * @param inside its process id inside
 */
export function programId(launcher: number, inside: number | null): number | null {
  const children = read(`/proc/${launcher}/task/${launcher}/children`).split(' ').filter(Boolean);
  const program = children.find((pid) => {
    // The ids of a process in all namespaces that contain it, the innermost one last.
    const ids = /^NSpid:\s*(.*)$/m.exec(read(`/proc/${pid}/status`))?.[1];
    return ids?.split('\t').at(-1) === String(inside);
  });
  return program === undefined ? null : Number(program);
}

/**
 * Returns the signal that ended a program, whose status a shell has reported; null when it exited by itself.
 *
 * @param message the words of the shell, which it has only for some signals
 */
export function signalOf(status: number, message: string): NodeJS.Signals | null {
  const names = Object.keys(constants.signals) as NodeJS.Signals[];
  const name = names.find((signal) => constants.signals[signal] === status - 128);
  // Shells say nothing about these two.
  const isSilent = name === 'SIGINT' || name === 'SIGPIPE';
  return name !== undefined && (isSilent || message.trim() !== '') ? name : null;
}

/** Returns a file of `/proc`; empty for a process that has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
