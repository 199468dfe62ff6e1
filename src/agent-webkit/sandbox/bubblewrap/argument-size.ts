import { readFileSync } from 'node:fs';
import type { SandboxCommand } from '../../engine/agent-sandbox.js';

/** The longest argument or variable of Linux, in bytes, with its final NUL. */
const MAX_LENGTH = 128 * 1024;
/** The largest size of all of them together, in bytes, whatever the limit of the stack is. */
const MAX_SIZE = 6 * 1024 ** 2;
/** Left for the path of the program and for what the kernel adds, in bytes. */
const RESERVE = 8192;

/**
 * Throws the error of the system for arguments and variables that are too long to start a program. Inside a
 * sandbox, the program of which it is an error would be a shell.
 */
export function checkArgumentSize({ command, args, env }: SandboxCommand): void {
  const texts = [
    command,
    ...args,
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
  ];
  if (texts.some((one) => one.includes('\0'))) {
    throw new Error('An argument or variable of a program contains a NUL.');
  }
  const lengths = texts.map((one) => Buffer.byteLength(one) + 1);
  const size = lengths.reduce((sum, length) => sum + length + 8, 0);
  if (size + RESERVE <= maxSize() && lengths.every((length) => length <= MAX_LENGTH)) return;
  throw Object.assign(new Error(`spawn E2BIG: the arguments of ${command} are too long.`), {
    code: 'E2BIG',
  });
}

/** Returns a quarter of the limit of the stack, as the kernel does. */
function maxSize(): number {
  const limits = readFileSync('/proc/self/limits', 'latin1');
  const stack = Number(/^Max stack size +(\d+)/m.exec(limits)?.[1] ?? Infinity);
  return Math.max(Math.min(stack / 4, MAX_SIZE), MAX_LENGTH);
}
