import { once } from 'node:events';
import { chmod, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type {
  SandboxProcess,
  SandboxWalls,
} from '../../../src/agent-webkit/engine/agent-sandbox.js';
import { sandboxExecSandbox } from '../../../src/agent-webkit/sandbox/sandbox-exec/sandbox-exec-sandbox.js';
import { sandboxConformance } from '../../../src/testing.js';
import { PASS_WITHOUT_WALLS } from '../open-sandbox.js';
import { NO_LIMITS } from '../../support/walls.js';

/** A program in place of sandbox-exec, which this machine may not have: it applies no profile. */
const STAND_IN = `#!/bin/sh
while [ "$1" = -D ]; do shift 2; done
shift 2
exec "$@"
`;

let folder: string;
let program: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'sandbox-exec-')));
  program = join(folder, 'sandbox-exec');
  await writeFile(program, STAND_IN);
  await chmod(program, 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const walls = (): SandboxWalls => ({
  writable: [folder],
  readOnly: [],
  hidden: [],
  sockets: [],
  proxySocket: null,
  limits: NO_LIMITS,
});

/** Resolves to the exit code and the signal of a process. */
const exitOf = (started: SandboxProcess) =>
  new Promise((resolve) => started.once('exit', (...end: unknown[]) => resolve(end)));

const shell = (script: string) => ({
  command: '/bin/sh',
  args: ['-c', script],
  cwd: folder,
  env: { PATH: '/usr/bin:/bin', HOME: folder, TMPDIR: '/tmp' },
});

describe('The processes of the sandbox of macOS, with a stand-in for sandbox-exec', () => {
  const subject = {
    ...sandboxExecSandbox(),
    start: (...args: Parameters<ReturnType<typeof sandboxExecSandbox>['start']>) =>
      sandboxExecSandbox({ program }).start(...args),
  };
  const works = [
    ...PASS_WITHOUT_WALLS,
    'the proxy can be reached by the variables of its address, and there is none without a proxy',
    'a file grows to its limit, and no further',
    'a process cannot have more processor time than its limit',
  ];
  for (const { name, run } of sandboxConformance(subject, {
    limits: ['fileBytes', 'cpuSeconds'],
  })) {
    if (works.includes(name)) it(name, run);
  }

  it('have a folder for temporary files of their own, which is removed with them', async () => {
    const script =
      'echo "$TMPDIR" > temporary; echo x > "$TMPDIR/file"; echo "$CLAUDE_CODE_TMPDIR"';
    const started = sandboxExecSandbox({ program }).start(shell(script), walls());
    await exitOf(started);
    const temporary = (await readFile(join(folder, 'temporary'), 'utf8')).trim();
    expect(temporary).not.toBe('/tmp');
    expect(existsSync(temporary)).toBe(false);
  });

  it('end by a signal that is sent before they were started', async () => {
    const started = sandboxExecSandbox({ program }).start(shell('sleep 60'), walls());
    started.kill('SIGKILL');
    expect(await exitOf(started)).toEqual([null, 'SIGKILL']);
  });

  it('end with the processes of their group', async () => {
    const script = 'sleep 60 & echo $!; sleep 60';
    const started = sandboxExecSandbox({ program }).start(shell(script), walls());
    const [data] = (await once(started.stdout, 'data')) as [Buffer];
    const ended = once(started.stdout, 'end');
    started.kill('SIGKILL');
    await exitOf(started);
    // Both of them had it open.
    await ended;
    expect(Number(data.toString())).toBeGreaterThan(1);
  });

  it('emit an error where there is no sandbox-exec', async () => {
    const sandbox = sandboxExecSandbox({ program: join(folder, 'missing') });
    const started = sandbox.start(shell('true'), walls());
    const error = await new Promise<Error>((resolve) => started.once('error', resolve));
    expect(error.message).toContain('ENOENT');
    expect(await sandbox.check()).toMatch(/^sandbox-exec does not work: .*ENOENT/);
  });
});
