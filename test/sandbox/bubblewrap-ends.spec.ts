import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bubblewrapSandbox } from '../../src/agent-webkit/sandbox/bubblewrap/bubblewrap-sandbox.js';
import { eventually } from '../support/eventually.js';
import { describeNeeding } from '../support/needs.js';
import { processesWith, SandboxBench, type Sandboxed } from './sandbox-bench.js';

/** Starts a process that has left its session, its parent and its environment, and waits. */
const daemon = (marker: string) =>
  `(setsid sh -c "(env -i nohup sh -c ': ${marker}; echo up; sleep 1000' < /dev/null &)" &)`;

/** Returns the message of the error with which a start has failed. */
async function error({ ended }: Sandboxed): Promise<string> {
  const end = await ended;
  if (typeof end !== 'object') throw new Error(`It has started, and ended with ${end}.`);
  return end.message;
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

describeNeeding(await bubblewrapSandbox().check())('The end of a program in bubblewrap', () => {
  let bench: SandboxBench;
  let marker: string;

  beforeEach(() => {
    bench = new SandboxBench(bubblewrapSandbox());
    marker = randomUUID();
  });

  afterEach(() => bench.close());

  it.each([
    ['exit 0', 0],
    ['exit 3', 3],
    ['exit 137', 137],
    ['exit 143', 143],
    ['kill -KILL $$', 'SIGKILL'],
    ['kill -TERM $$', 'SIGTERM'],
    ['kill -INT $$', 'SIGINT'],
    ['kill -SEGV $$', 'SIGSEGV'],
    ['kill -PIPE $$', 'SIGPIPE'],
    ['echo Killed >&2; exit 137', 137],
  ])('after "%s" is reported as %s', async (script, status) => {
    expect(await bench.shell(script).ended).toBe(status);
  });

  it('is that of everything inside, when it is reported', async () => {
    const started = bench.shell(`${daemon(marker)}; read -r line; exit 5`);
    await started.says('up');
    expect(processesWith(marker)).not.toEqual([]);
    started.process.stdin.end('\n');
    expect(await started.ended).toBe(5);
    expect(processesWith(marker)).toEqual([]);
    expect(started.process.kill('SIGKILL')).toBe(false);
  });

  it('is that of everything inside, also after SIGKILL', async () => {
    const started = bench.shell(`${daemon(marker)}; read -r line`);
    await started.says('up');
    expect(started.process.kill('SIGKILL')).toBe(true);
    expect(await started.ended).toBe('SIGKILL');
    expect(processesWith(marker)).toEqual([]);
  });

  it('comes with that of bubblewrap, whoever kills it', async () => {
    const started = bench.shell(`${daemon(marker)}; read -r line`);
    await started.says('up');
    process.kill(started.process.pid ?? 0, 'SIGKILL');
    expect(await started.ended).toBe('SIGKILL');
    await eventually(() => processesWith(marker).length === 0);
  });

  it('can be delayed by the program after SIGTERM, which its children do not receive', async () => {
    const script = `trap 'echo asked; exit 7' TERM
      sh -c 'trap "echo child" TERM; echo ready; sleep 1000' &
      while :; do wait; done`;
    const started = bench.shell(script);
    await started.says('ready');
    expect(started.process.kill('SIGTERM')).toBe(true);
    expect(await started.ended).toBe(7);
    expect(started.output).toBe('ready\nasked\n');
    expect(started.process.killed).toBe(true);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'comes at once by %s before it has started',
    async (signal) => {
      const started = bench.shell('echo started');
      expect(started.process.kill(signal)).toBe(true);
      expect(await started.ended).toBe(signal);
      expect(started.output).toBe('');
    },
  );

  it('leaves nothing in the server', async () => {
    expect(await bench.shell('exit 0').ended).toBe(0);
    const before = openDescriptors();
    const all = Array.from({ length: 5 }, () => bench.shell('echo x; echo y >&2; exit 1'));
    await Promise.all(all.map(({ ended }) => ended));
    await eventually(() => openDescriptors() <= before);
    expect(existsSync(bench.folder)).toBe(true);
  });

  it('leaves no pipe in the server for output that is not read', async () => {
    expect(await bench.shell('exit 0').ended).toBe(0);
    const before = openDescriptors();
    const { process } = bench.shell('head -c 9000000 /dev/zero');
    for (const stream of [process.stdout, process.stderr])
      stream.removeAllListeners('data').pause();
    await eventually(() => process.stdout.readableLength > 0);
    process.kill('SIGKILL');
    await eventually(() => openDescriptors() <= before);
  });

  describe('that could not be started', () => {
    it('names the program that does not exist, or cannot be executed', async () => {
      expect(await error(bench.start({ command: '/nonexistent' }))).toContain('ENOENT');
      writeFileSync(join(bench.folder, 'file'), '', { mode: 0o644 });
      expect(await error(bench.start({ command: join(bench.folder, 'file') }))).toContain('EACCES');
      expect(await error(bench.start({ command: 'sh' }))).toContain('absolute path');
    });

    it('names the arguments that are too long', async () => {
      const one = bench.start({ command: '/bin/echo', args: ['x'.repeat(128 * 1024)] });
      expect(await error(one)).toContain('E2BIG');
      const many = bench.start({ command: '/bin/echo', args: Array(80).fill('x'.repeat(100_000)) });
      expect(await error(many)).toContain('E2BIG');
      expect(await error(bench.start({ args: ['-c', 'echo \0'] }))).toContain('NUL');
    });

    it('names the folder that is a link, does not exist, or would open the sandbox', async () => {
      const link = join(bench.folder, 'link');
      symlinkSync('/etc', link);
      expect(await error(bench.shell('', { readOnly: [link] }))).toContain(
        `${link} is a link to /etc`,
      );
      expect(await error(bench.shell('', { writable: ['/nonexistent'] }))).toContain('ENOENT');
      for (const path of ['/', '/proc', '/dev', '/sys/fs']) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(await error(bench.shell('', { writable: [path] }))).toContain(
          `${path} cannot be shown`,
        );
      }
    });

    it('has the message of bubblewrap', async () => {
      const cwd = join(bench.folder, 'none');
      expect(await error(bench.start({ args: ['-c', ':'], cwd }))).toBe(
        `The sandbox could not be started: bwrap: Can't chdir to ${cwd}: No such file or directory`,
      );
      const none = new SandboxBench(bubblewrapSandbox({ program: '/nonexistent/bwrap' }));
      expect(await error(none.shell(''))).toContain('ENOENT');
      await none.close();
    });

    it('has no process id, and cannot be killed', async () => {
      mkdirSync(join(bench.folder, 'x'));
      const started = bench.start({ command: join(bench.folder, 'x', 'none') });
      await started.ended;
      expect(started.process.pid).toBeUndefined();
      expect(started.process.kill('SIGKILL')).toBe(false);
    });
  });
});
