import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { SandboxLimits } from '../../../src/agent-webkit/engine/agent-sandbox.js';
import { bubblewrapSandbox } from '../../../src/agent-webkit/sandbox/bubblewrap/bubblewrap-sandbox.js';
import { describeNeeding } from '../../support/needs.js';

const MIB = 1024 ** 2;
const NONE: SandboxLimits = {
  memoryBytes: null,
  processes: null,
  cpus: null,
  cpuSeconds: null,
  fileBytes: null,
  tempBytes: 64 * MIB,
};
/** A program that would run for 20 s. */
const SLEEP = 'sleep 20; echo survived';

const sandbox = bubblewrapSandbox();

describeNeeding(await sandbox.check())('the limits of a program in bubblewrap', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), 'limits-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function run(script: string, limits: Partial<SandboxLimits> = {}) {
    const program = sandbox.start(
      { command: '/bin/sh', args: ['-c', script], cwd: folder, env: { PATH: '/usr/bin:/bin' } },
      {
        writable: [folder],
        readOnly: [],
        hidden: [],
        sockets: [],
        proxySocket: null,
        limits: { ...NONE, ...limits },
      },
    );
    const ended = new Promise((resolve, reject) => {
      program.once('exit', () => resolve(program.exceeded ?? null));
      program.once('error', reject);
    });
    program.stdin.end();
    program.stderr.resume();
    const output = await text(program.stdout);
    return { output, exceeded: await ended };
  }

  it('are those of the system for each process', async () => {
    const { output } = await run('cat /proc/self/limits /proc/self/oom_score_adj', {
      memoryBytes: 4 * 1024 ** 3,
      processes: 100,
      cpuSeconds: 60,
      fileBytes: 16 * MIB,
    });
    expect(output).toMatch(/^Max data size +3758096384 +3758096384 /m);
    expect(output).toMatch(/^Max processes +1124 +1124 /m);
    expect(output).toMatch(/^Max cpu time +60 +65 /m);
    expect(output).toMatch(/^Max file size +16777216 +16777216 /m);
    expect(output).toMatch(/^Max core file size +0 +/m);
    expect(output).toMatch(/^900$/m);
  });

  it('leave a process at least 3 GiB of data, with which the agent can start', async () => {
    const { output } = await run('cat /proc/self/limits', { memoryBytes: 512 * MIB });
    expect(output).toMatch(/^Max data size +3221225472 /m);
  });

  it('end nothing that stays below them', async () => {
    const limits = { memoryBytes: 512 * MIB, processes: 64, cpuSeconds: 10 };
    expect(await run('for i in 1 2 3; do sleep 1 & done; wait; echo done', limits)).toEqual({
      output: 'done\n',
      exceeded: null,
    });
  });

  it.each([
    ['memory', `perl -e 'my $kept = "x" x ${50 * MIB}; sleep 20'`, { memoryBytes: 40 * MIB }],
    ['memory', `head -c 50M /dev/zero > /tmp/big; ${SLEEP}`, { memoryBytes: 40 * MIB }],
    [
      'memory',
      // Two processes, each below the limit, whose parent has ended.
      `(for i in 1 2; do perl -e 'my $kept = "x" x ${30 * MIB}; sleep 20' & done); ${SLEEP}`,
      { memoryBytes: 50 * MIB },
    ],
    [
      'processes',
      `i=0; while [ $i -lt 30 ]; do sleep 20 & i=$((i+1)); done; ${SLEEP}`,
      { processes: 20 },
    ],
    ['cpu', 'exec sh -c "while :; do :; done"', { cpuSeconds: 1 }],
  ] as const)(
    'end a program that exceeds its limit of %s: %s',
    async (exceeded, script, limits) => {
      expect(await run(script, limits)).toEqual({ output: '', exceeded });
    },
  );
});
