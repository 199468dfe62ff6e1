import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readSettings } from '../../../src/agent-webkit/agents/claude/settings-file.js';

describe('The settings of a host', () => {
  let folder: string;
  const own = { model: 'opus' };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agent-webkit-'));
    await writeFile(join(folder, 'settings.json'), JSON.stringify(own));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('are an object, a file, or JSON', () => {
    expect(readSettings(own, folder)).toEqual(own);
    expect(readSettings('settings.json', folder)).toEqual(own);
    expect(readSettings(JSON.stringify(own), folder)).toEqual(own);
    expect(readSettings(undefined, folder)).toEqual({});
  });

  it('fail where the agent would not start', () => {
    expect(() => readSettings('missing.json', folder)).toThrow('ENOENT');
  });
});
