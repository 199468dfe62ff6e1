import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { Warden } from '../../../src/agent-webkit/agents/claude/warden.js';
import { itOnly } from '../../support/needs.js';
import { eventually } from '../../support/eventually.js';
import { kill } from './agent-bench.js';

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    // The process does not exist.
    return false;
  }
}

const onLinux = itOnly(process.platform === 'linux' ? null : 'Needs Linux, for /proc.');

const ends = (pid: number | undefined) =>
  eventually(
    async () => isAlive(pid),
    (alive) => !alive,
    5000,
  );

describe('the warden', () => {
  it('runs in one process while agents are watched', async () => {
    const warden = new Warden(randomUUID());
    expect(warden.pid).toBeUndefined();
    const watches = [warden.watch(), warden.watch()];
    const { pid } = warden;
    expect(isAlive(pid)).toBe(true);

    watches[0]?.release();
    watches[0]?.release();
    expect(warden.pid).toBe(pid);
    watches[1]?.release();
    expect(warden.pid).toBeUndefined();
    await ends(pid);
  });

  it('is replaced when it is killed', async () => {
    const warden = new Warden(randomUUID());
    const { release } = warden.watch();
    const { pid } = warden;
    kill(pid, 'SIGKILL');
    await eventually(
      async () => warden.pid,
      (next) => next !== undefined && next !== pid,
    );

    expect(isAlive(warden.pid)).toBe(true);
    const { pid: next } = warden;
    release();
    await ends(next);
  });

  onLinux('has nothing of the environment but the path', async () => {
    const warden = new Warden(randomUUID());
    const { release } = warden.watch();
    const environment = await eventually(
      () => readFile(`/proc/${warden.pid}/environ`, 'latin1'),
      (text) => text !== '',
    );

    expect(environment.split('\0').filter(Boolean)).toEqual([`PATH=${process.env['PATH']}`]);
    release();
  });
});
