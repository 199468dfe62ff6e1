import { describe, expect, it } from '@jest/globals';
import {
  formatRule,
  withGrants,
} from '../../../src/agent-webkit/agents/claude/granted-settings.js';
import { PayloadTooLargeError } from '../../../src/agent-webkit/engine/errors.js';
import {
  addGrants,
  type PermissionGrants,
  type PermissionRule,
} from '../../../src/agent-webkit/engine/permission-grants.js';

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

  it.each(['(', '\\', '語'])('fits into an argument of a command line: many %s', (character) => {
    let rules: PermissionRule[] = [];
    let most: PermissionGrants | undefined;
    try {
      for (;;) {
        rules = [...rules, { toolName: 'Bash', ruleContent: character.repeat(100 + rules.length) }];
        const update = { type: 'addRules', behavior: 'deny', destination: 'session' } as const;
        most = addGrants(undefined, [{ ...update, rules }]);
      }
    } catch (error) {
      expect(error).toBeInstanceOf(PayloadTooLargeError);
    }
    const settings = withGrants({}, most ?? { allow: [], deny: [], ask: [], directories: [] });
    expect(settings.permissions?.deny?.length).toBeGreaterThan(1);
    // Linux permits 128 KiB. The host's settings are in the same argument.
    expect(Buffer.byteLength(JSON.stringify(settings))).toBeLessThan(100 * 1024);
  });

  it('escapes what has a meaning in a rule', () => {
    expect(formatRule({ toolName: 'Bash', ruleContent: 'a\\b (c):*' })).toBe(
      'Bash(a\\\\b \\(c\\):*)',
    );
    expect(formatRule({ toolName: 'Bash', ruleContent: '*' })).toBe('Bash');
    expect(formatRule({ toolName: 'mcp__a__b' })).toBe('mcp__a__b');
  });
});
