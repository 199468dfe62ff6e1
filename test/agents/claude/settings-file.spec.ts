import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readSettings } from '../../../src/agent-webkit/agents/claude/settings-file.js';

describe('The settings of a host', () => {
  let folder: string;
  const own = { model: 'opus' };
  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'agent-webkit-')));
    await writeFile(join(folder, 'settings.json'), JSON.stringify(own));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('are an object, a file, or JSON', () => {
    expect(readSettings(own)).toEqual(own);
    expect(readSettings(join(folder, 'settings.json'))).toEqual(own);
    expect(readSettings(JSON.stringify(own))).toEqual(own);
    expect(readSettings(undefined)).toEqual({});
  });

  it('are a file relative to the current directory of the server', () => {
    const path = relative(process.cwd(), join(folder, 'settings.json'));
    expect(readSettings(path)).toEqual(own);
  });

  it('fail where the file is in a folder that agents write', async () => {
    await writeFile(join(folder, 'other.json'), '{"model":"secret"}');
    const written = join(folder, 'written');
    await mkdir(written);
    await symlink(join(folder, 'other.json'), join(written, 'settings.json'));
    for (const path of [join(written, 'settings.json'), join(folder, 'missing.json')]) {
      expect(() => readSettings(path, [written])).toThrow('folder that agents write');
    }
    expect(readSettings(join(folder, 'settings.json'), [written])).toEqual(own);
  });

  it('fail where the agent would not start', () => {
    expect(() => readSettings(join(folder, 'missing.json'))).toThrow('ENOENT');
  });
});
