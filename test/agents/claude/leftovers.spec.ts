import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  findLeftovers,
  removeLeftovers,
  setAside,
} from '../../../src/agent-webkit/agents/claude/leftovers.js';

describe('the removal of what an agent has left', () => {
  let folder: string;
  let left: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leftovers-'));
    left = join(folder, 'left');
    await mkdir(left);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const remove = () => removeLeftovers({ folders: [left], copies: null });

  it('leaves the server able to work, however many files there are', async () => {
    for (let index = 0; index < 20_000; index += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one file after the other
      await writeFile(join(left, String(index)), '');
    }
    let longest = 0;
    const state = { isRemoved: false };
    const removed = remove().then(() => (state.isRemoved = true));
    while (!state.isRemoved) {
      const startedAt = performance.now();
      // oxlint-disable-next-line no-await-in-loop -- the other work of the server
      await stat(folder);
      longest = Math.max(longest, performance.now() - startedAt);
    }
    await removed;
    expect(existsSync(left)).toBe(false);
    expect(longest).toBeLessThan(200);
  });

  it('removes folders that are nested too deeply for a path, and those without permissions', async () => {
    const program = [
      'import os, sys',
      'os.chdir(sys.argv[1])',
      'for _ in range(200):',
      '    os.mkdir("d" * 50); os.chdir("d" * 50)',
      'open("file", "w").close(); os.chmod(".", 0)',
    ].join('\n');
    execFileSync('python3', ['-c', program, left]);
    await remove();
    expect(existsSync(left)).toBe(false);
  });

  it('follows no link that a program puts in the place of a folder meanwhile', async () => {
    const other = join(folder, 'other');
    await mkdir(other);
    await writeFile(join(other, 'file'), 'kept');
    const program = [
      'import os, sys',
      'left, other, aside = sys.argv[1:]',
      'os.mkdir(aside)',
      'names = [str(i) for i in range(60)]',
      'for name in names:',
      '    os.mkdir(f"{left}/{name}")',
      '    for i in range(100): open(f"{left}/{name}/{i}", "w").close()',
      'print("ready", flush=True)',
      'while len(os.listdir(left)) == 60: pass',
      'for name in names:',
      '    try: os.rename(f"{left}/{name}", f"{aside}/{name}")',
      '    except OSError: continue',
      '    try: os.symlink(other, f"{left}/{name}")',
      '    except OSError: pass',
    ].join('\n');
    const aside = join(folder, 'aside');
    const replacing = spawn('python3', ['-c', program, left, other, aside]);
    const ended = once(replacing, 'exit');
    await once(replacing.stdout, 'data');
    await remove();
    expect((await ended)[0]).toBe(0);
    await remove();
    expect(existsSync(left)).toBe(false);
    expect(readdirSync(other)).toEqual(['file']);
  });

  it('follows no link', async () => {
    await mkdir(join(folder, 'other'));
    await writeFile(join(folder, 'other', 'file'), 'kept');
    await symlink(join(folder, 'other'), join(left, 'link'));
    await symlink(join(folder, 'other'), join(folder, 'top'));
    await removeLeftovers({ folders: [left, join(folder, 'top')], copies: null });
    expect(existsSync(left)).toBe(false);
    expect(existsSync(join(folder, 'top'))).toBe(false);
    expect(readFileSync(join(folder, 'other', 'file'), 'utf8')).toBe('kept');
  });

  it('includes the folder of a resumed agent, which the SDK does not find any more', async () => {
    const resumed = join(folder, 'claude-resume-1');
    await mkdir(resumed);
    const leftovers = findLeftovers({ CLAUDE_CONFIG_DIR: resumed }, null);
    setAside(leftovers);
    expect(existsSync(resumed)).toBe(false);
    await removeLeftovers(leftovers);
    expect(existsSync(`${resumed}.ended`)).toBe(false);
  });
});
