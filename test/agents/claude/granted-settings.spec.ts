import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  formatRule,
  withGrants,
} from '../../../src/agent-webkit/agents/claude/granted-settings.js';

describe('withGrants', () => {
  let folder: string;
  const own = { model: 'opus', permissions: { allow: ['Read'], defaultMode: 'plan' as const } };
  const grants = {
    allow: [{ toolName: 'Bash', ruleContent: 'git:*' }],
    deny: [{ toolName: 'Edit' }],
    ask: [{ toolName: 'Write' }],
    directories: ['/a'],
  };
  const both = {
    model: 'opus',
    permissions: {
      allow: ['Read', 'Bash(git:*)'],
      deny: ['Edit'],
      ask: ['Write'],
      additionalDirectories: ['/a'],
      defaultMode: 'plan',
    },
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agent-webkit-'));
    await writeFile(join(folder, 'settings.json'), JSON.stringify(own));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("adds to the host's settings, to those of a file, and to JSON", () => {
    expect(withGrants(own, grants, folder)).toEqual(both);
    expect(withGrants('settings.json', grants, folder)).toEqual(both);
    expect(withGrants(JSON.stringify(own), grants, folder)).toEqual(both);
  });

  it('fails where the agent would not start', () => {
    expect(() => withGrants('missing.json', grants, folder)).toThrow('ENOENT');
  });

  it('escapes what has a meaning in a rule', () => {
    expect(formatRule({ toolName: 'Bash', ruleContent: 'a\\b (c):*' })).toBe(
      'Bash(a\\\\b \\(c\\):*)',
    );
    expect(formatRule({ toolName: 'Bash', ruleContent: '*' })).toBe('Bash');
    expect(formatRule({ toolName: 'mcp__a__b' })).toBe('mcp__a__b');
  });
});
