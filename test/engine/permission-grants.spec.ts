import { describe, expect, it } from '@jest/globals';
import type { PermissionUpdate } from '../../src/agent-webkit/engine/agent-client.js';
import {
  addGrants,
  type PermissionGrants,
} from '../../src/agent-webkit/engine/permission-grants.js';

const destination = 'session';
const [git, ls, bash] = [
  { toolName: 'Bash', ruleContent: 'git:*' },
  { toolName: 'Bash', ruleContent: 'ls' },
  { toolName: 'Bash' },
];

const after = (...updates: PermissionUpdate[]): PermissionGrants => addGrants(undefined, updates);

describe('addGrants', () => {
  it('adds each rule once, to the rules of its behavior', () => {
    expect(
      after(
        { type: 'addRules', behavior: 'allow', rules: [git, git], destination },
        { type: 'addRules', behavior: 'allow', rules: [ls, git, bash], destination },
        { type: 'addRules', behavior: 'deny', rules: [git], destination },
        { type: 'addRules', behavior: 'ask', rules: [ls], destination },
      ),
    ).toEqual({ allow: [ls, git, bash], deny: [git], ask: [ls], directories: [] });
  });

  it('replaces and removes rules of one behavior', () => {
    const both: PermissionUpdate[] = [
      { type: 'addRules', behavior: 'allow', rules: [git, ls], destination },
      { type: 'addRules', behavior: 'deny', rules: [git, ls], destination },
    ];
    expect(
      after(
        ...both,
        { type: 'removeRules', behavior: 'deny', rules: [git, bash], destination },
        { type: 'replaceRules', behavior: 'allow', rules: [bash], destination },
      ),
    ).toMatchObject({ allow: [bash], deny: [ls] });
  });

  it('adds and removes folders', () => {
    expect(
      after(
        { type: 'addDirectories', directories: ['/a', '/b'], destination },
        { type: 'addDirectories', directories: ['/b', '/c'], destination },
        { type: 'removeDirectories', directories: ['/a', '/z'], destination },
      ).directories,
    ).toEqual(['/b', '/c']);
  });

  it('returns the same grants after a change of the mode', () => {
    const grants = after({ type: 'addRules', behavior: 'allow', rules: [git], destination });
    expect(addGrants(grants, [{ type: 'setMode', mode: 'plan', destination }])).toBe(grants);
  });

  it('rejects what would be too large to keep', () => {
    const ruleContent = 'x'.repeat(20_000);
    const add = (toolName: string): PermissionUpdate => ({
      type: 'addRules',
      behavior: 'deny',
      rules: [{ toolName, ruleContent }],
      destination,
    });
    const grants = after(add('A'));
    expect(() => addGrants(grants, [add('B')])).toThrow(
      expect.objectContaining({ code: 'payload_too_large' }),
    );
    expect(addGrants(grants, [add('A')]).deny).toHaveLength(1);
  });

  it('counts bytes, because the agent receives them in its command line', () => {
    const rules = [{ toolName: 'Bash', ruleContent: '語'.repeat(12_000) }];
    const update: PermissionUpdate = { type: 'addRules', behavior: 'deny', rules, destination };
    expect(() => after(update)).toThrow('must not exceed 32768 bytes of JSON');
  });
});
