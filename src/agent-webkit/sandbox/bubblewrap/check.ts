import { execFile } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentSandbox, SandboxProcess, SandboxWalls } from '../../engine/agent-sandbox.js';
import { TIMED_OUT, within } from '../../engine/timing/within.js';
import { adviceFor } from './advice.js';

/** How long the program of a check may take, in milliseconds. */
const LIMIT_MS = 5000;
/** How long a program that was killed may take to end, in milliseconds. */
const END_MS = 500;
/** The first version with all options that are used: `--disable-userns` came last. */
const MIN_VERSION = [0, 8] as const;

const INSTALL = 'Install it, for example by `apt-get install';

/** The programs of the machine. */
export interface CheckedParts {
  /** The path of bubblewrap; null when there is none. */
  readonly bubblewrap: string | null;
  /** The path of socat; null when there is none, and undefined when none is needed. */
  readonly socat: string | null | undefined;
}

/** Returns sentences that say why the sandbox does not work on this machine, and what to do; null when it works. */
export async function checkBubblewrap(
  sandbox: AgentSandbox,
  { bubblewrap, socat }: CheckedParts,
): Promise<string | null> {
  if (bubblewrap === null) return `bubblewrap is not installed. ${INSTALL} bubblewrap\`.`;
  const version = await versionOf(bubblewrap);
  if (version === null) return `${bubblewrap} does not print the version of bubblewrap.`;
  if (isOlder(version)) {
    return `bubblewrap ${version} is too old. Install version ${MIN_VERSION.join('.')} or later.`;
  }
  if (socat === null) {
    return `socat is not installed, by which agents reach permitted hosts. ${INSTALL} socat\`.`;
  }
  const failure = await tryProgram(sandbox);
  return failure === null ? null : `${asSentence(failure)} ${await adviceFor(failure)}`.trim();
}

function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Returns the version that the program prints, such as `0.8.0`; null when it prints none. */
function versionOf(program: string): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(program, ['--version'], { timeout: LIMIT_MS, env: {} }, (_, output) => {
      resolve(/bubblewrap (\d+\.\d+[.\d]*)/.exec(output)?.[1] ?? null);
    });
  });
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < MIN_VERSION[0] || (major === MIN_VERSION[0] && minor < MIN_VERSION[1]);
}

/** Runs a program with walls of every kind. Returns why it did not work; null when it did. */
async function tryProgram(sandbox: AgentSandbox): Promise<string | null> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'agent-webkit-check-'));
  try {
    const limits = {
      memoryBytes: null,
      processes: null,
      cpus: null,
      cpuSeconds: null,
      fileBytes: null,
      tempBytes: 1024 ** 2,
    };
    const walls: SandboxWalls = {
      writable: [folder],
      readOnly: [],
      hidden: [join(folder, 'hidden')],
      sockets: [],
      proxySocket: null,
      limits,
    };
    const args = ['-c', 'echo x > file && [ ! -e /sys ] && echo works'];
    const process = sandbox.start({ command: '/bin/sh', args, cwd: folder, env: {} }, walls);
    let output = '';
    for (const stream of [process.stdout, process.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    const ended = endOf(process);
    const failure = await within(LIMIT_MS, ended);
    if (failure === TIMED_OUT) {
      process.kill('SIGKILL');
      await within(END_MS, ended);
      return `A program in a sandbox of bubblewrap did not end within ${LIMIT_MS / 1000} s.`;
    }
    if (failure !== null) return failure.message;
    return output === 'works\n'
      ? null
      : `A program in a sandbox of bubblewrap does not work: ${output.trim()}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Resolves to the error of a process that could not be started, or to null when it has ended. */
function endOf(process: SandboxProcess): Promise<Error | null> {
  return new Promise((resolve) => {
    process.once('error', resolve);
    process.once('exit', () => setImmediate(resolve, null));
  });
}
