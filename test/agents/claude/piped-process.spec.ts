import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { spawnPiped } from '../../../src/agent-webkit/agents/claude/piped-process.js';

describe('a process that the system refuses to start', () => {
  it.each([
    // Node throws this error, as it does ENOMEM, and emits the other one, as it does EAGAIN.
    ['E2BIG', process.execPath, ['x'.repeat(4 * 1024 * 1024)]],
    ['ENOENT', '/nowhere/at-all', []],
  ])('emits %s after the call, and has ended pipes', async (code, command, args) => {
    const child = spawnPiped(command, args, {});
    const [[error]] = await Promise.all([
      once(child as never, 'error').catch((thrown: unknown) => [thrown]),
      once(child.stdout.resume(), 'end'),
      once(child.stderr.resume(), 'end'),
    ]);

    expect(error).toMatchObject({ code });
    expect(child.pid).toBeUndefined();
    expect(child.kill('SIGTERM')).toBe(false);
    child.stdin.on('error', () => {}).write('lost');
  });

  it('does not end the server when it has no other listener', async () => {
    spawnPiped('/nowhere/at-all', [], {});
    spawnPiped(process.execPath, ['x'.repeat(4 * 1024 * 1024)], { hasOutput: false });
    const child = spawnPiped(process.execPath, ['-e', ''], {});

    expect(await once(child as never, 'exit')).toEqual([0, null]);
  });
});
