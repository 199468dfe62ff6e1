import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { SandboxLimits, SandboxProcess } from '../../engine/agent-sandbox.js';

export const NO_LIMITS: SandboxLimits = {
  memoryBytes: null,
  processes: null,
  cpus: null,
  cpuSeconds: null,
  fileBytes: null,
  tempBytes: null,
};

/** How long the output of a program may continue after its end, which only processes left behind write. */
const OUTPUT_MS = 1000;

/** The end of a program inside. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Waits for the end of a program. Rejects when it cannot be started, or does not end in time. */
export async function run(
  started: SandboxProcess,
  input: string,
  limitMs: number,
): Promise<Outcome> {
  const output = collect(started.stdout);
  const errors = collect(started.stderr);
  // A program may end without reading its input.
  started.stdin.on('error', () => undefined);
  started.stdin.end(input);
  const ended = await inTime(ending(started), 'The program inside does not end.', limitMs);
  await Promise.race([Promise.all([output.done, errors.done]), delay(OUTPUT_MS)]);
  return { ...ended, stdout: output.text(), stderr: errors.text() };
}

async function ending(started: SandboxProcess): Promise<Pick<Outcome, 'code' | 'signal'>> {
  return new Promise((resolve, reject) => {
    started.once('error', reject);
    started.once('exit', (code: number | null, signal: NodeJS.Signals | null) =>
      resolve({ code, signal }),
    );
  });
}

/** Rejects with the message unless the promise resolves within so many milliseconds. */
export async function inTime<T>(promise: Promise<T>, message: string, limitMs: number): Promise<T> {
  const stop = new AbortController();
  const late = delay(limitMs, undefined, { signal: stop.signal }).then(() => {
    throw new Error(message);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop.abort();
    // The race has settled, so the delay that ends now is of no interest.
    late.catch(() => undefined);
  }
}

interface Collected {
  text(): string;
  readonly done: Promise<unknown>;
}

function collect(stream: NodeJS.ReadableStream): Collected {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const done = once(stream, 'end').catch(() => undefined);
  return { text: () => Buffer.concat(chunks).toString('utf8'), done };
}
