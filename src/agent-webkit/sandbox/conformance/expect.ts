import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Outcome } from './run.js';
import type { World } from './world.js';

/** Asserts that a program inside ran to its end, and learnt nothing. It ends with a line `end`. */
export function learntNothing(world: World, { stdout, stderr, code }: Outcome): void {
  const words = `${stdout}${stderr}`;
  assert.ok(!words.includes(world.secret), `The program inside read the secret:\n${words}`);
  assert.match(stdout, /^end$/m, `The program did not run to its end (${code}):\n${words}`);
}

/** Asserts that a program inside ran to its end and did not report that it had reached something. */
export function reachedNothing({ stdout, stderr, code }: Outcome): void {
  const words = `${stdout}${stderr}`;
  assert.doesNotMatch(
    stdout,
    /^reached/m,
    `The program inside reached what it must not:\n${words}`,
  );
  assert.match(stdout, /^end$/m, `The program did not run to its end (${code}):\n${words}`);
}

/** Asserts that a file outside has this content, or does not exist for null. */
export async function fileIs(path: string, content: string | null): Promise<void> {
  const found = await readFile(path, 'utf8').catch(() => null);
  assert.equal(found, content, `The program inside changed ${path}.`);
}

/** Asserts that a program ended with status 0 and this output. */
export function says({ stdout, stderr, code, signal }: Outcome, expected: string): void {
  assert.equal(stdout, expected, `Its stderr: ${stderr}`);
  assert.equal(signal ?? code, 0, stderr);
}
