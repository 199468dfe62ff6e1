import { describe, expect, it } from '@jest/globals';
import {
  formatRule,
  withGrants,
} from '../../../src/agent-webkit/agents/claude/granted-settings.js';

describe('withGrants', () => {
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

  it("adds to the host's settings", () => {
    expect(withGrants(own, grants)).toEqual(both);
  });

  it('escapes what has a meaning in a rule', () => {
    expect(formatRule({ toolName: 'Bash', ruleContent: 'a\\b (c):*' })).toBe(
      'Bash(a\\\\b \\(c\\):*)',
    );
    expect(formatRule({ toolName: 'Bash', ruleContent: '*' })).toBe('Bash');
    expect(formatRule({ toolName: 'mcp__a__b' })).toBe('mcp__a__b');
  });
});
