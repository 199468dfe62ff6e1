import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentSandbox } from '../../engine/agent-sandbox.js';
import { TIMED_OUT, within } from '../../engine/timing/within.js';

/** How long the program of the check may take. */
const LIMIT_MS = 5000;

const NO_LIMITS = {
  memoryBytes: null,
  processes: null,
  cpus: null,
  cpuSeconds: null,
  fileBytes: null,
  tempBytes: null,
};

/** Returns sentences that say why sandbox-exec does not work on this machine; null when it works. */
export async function checkSandboxExec(
  sandbox: AgentSandbox,
  program: string,
): Promise<string | null> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'agent-webkit-check-'));
  try {
    const walls = { readOnly: [], hidden: [], sockets: [], proxySocket: null, limits: NO_LIMITS };
    const command = { command: '/bin/sh', args: ['-c', 'echo works'], cwd: folder, env: {} };
    const started = sandbox.start(command, { ...walls, writable: [folder] });
    let output = '';
    started.stdout.on('data', (data: Buffer) => (output += data.toString()));
    started.stderr.on('data', (data: Buffer) => (output += data.toString()));
    const ended = new Promise<string>((resolve) => {
      started.once('error', (error: Error) => resolve(error.message));
      started.once('exit', (code) => started.stdout.once('end', () => resolve(`exit ${code}`)));
    });
    const end = await within(LIMIT_MS, ended);
    started.kill('SIGKILL');
    if (end === 'exit 0' && output.trim() === 'works') return null;
    const words = end === TIMED_OUT ? 'It does not end.' : `${end}. ${output.trim().slice(0, 500)}`;
    return `sandbox-exec does not work: ${words} It is the program ${program} of macOS.`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
