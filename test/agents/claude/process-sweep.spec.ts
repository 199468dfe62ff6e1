import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  createProcessSweep,
  findProcesses,
  MARKER_VARIABLE,
  sweepProcesses,
} from '../../../src/agent-webkit/agents/claude/process-sweep.js';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Runs a Node.js program and waits until it is ready. */
async function start(program: string, env: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', `${program};console.log('ready')`], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

const stay = 'setInterval(() => {}, 1000)';
const options = { graceMs: 100, limitMs: 5000 };

describe('a process sweep', () => {
  it('ends the processes with the marker and no others', async () => {
    const marker = randomUUID();
    const marked = await start(stay, { [MARKER_VARIABLE]: `${marker}.1` });
    const nested = await start(stay, { [MARKER_VARIABLE]: `outer,${marker}.2` });
    const other = await start(stay, { [MARKER_VARIABLE]: randomUUID(), OTHER: marker });
    expect(new Set(await findProcesses(marker))).toEqual(new Set([marked.pid, nested.pid]));

    expect(await sweepProcesses(marker, options)).toEqual([]);
    expect(await findProcesses(marker)).toEqual([]);
    expect(other.exitCode ?? other.signalCode).toBeNull();
  });

  it('sends SIGTERM first, so that a process can exit cleanly', async () => {
    const marker = randomUUID();
    const polite = "process.on('SIGTERM', () => process.exit(7));";
    const child = await start(polite + stay, { [MARKER_VARIABLE]: marker });
    const exit = once(child, 'exit');
    await sweepProcesses(marker, { graceMs: 5000, limitMs: 5000 });

    expect(await exit).toEqual([7, null]);
  });

  it('kills a process that ignores SIGTERM', async () => {
    const marker = randomUUID();
    const deaf = "process.on('SIGTERM', () => {});";
    const child = await start(deaf + stay, { [MARKER_VARIABLE]: marker });
    const exit = once(child, 'exit');

    expect(await sweepProcesses(marker, options)).toEqual([]);
    expect(await exit).toEqual([null, 'SIGKILL']);
  });

  it('finds children that have cleared their environment', async () => {
    const marker = randomUUID();
    const parent =
      `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stay)}],` +
      ` { env: {}, stdio: 'ignore' });`;
    await start(parent + stay, { [MARKER_VARIABLE]: marker });
    expect(await findProcesses(marker)).toHaveLength(2);

    expect(await sweepProcesses(marker, options)).toEqual([]);
  });

  it('does not end its own process', async () => {
    const marker = randomUUID();
    const sweep = `(${createProcessSweep.toString()})('${MARKER_VARIABLE}').sweep`;
    const program = `${sweep}('${marker}', ${JSON.stringify(options)}).then(() => process.exit(7))`;
    const child = await start(program, { [MARKER_VARIABLE]: marker });

    expect(await once(child, 'exit')).toEqual([7, null]);
  });

  it('returns at once when no process has the marker', async () => {
    expect(await sweepProcesses(randomUUID(), { graceMs: 0, limitMs: 0 })).toEqual([]);
  });
});
