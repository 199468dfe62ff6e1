import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { expiryOf } from '../../src/agent-webkit/engine/request-expiry.js';

const matches = (name: string, tool: string) =>
  expiryOf(tool, false, { [name]: { afterMs: 1, decision: 'allow' } }, null, 0) !== undefined;

describe('the name of a tool in an expiry', () => {
  it.each([
    ['Bash', 'Bash', true],
    ['Bash', 'BashOutput', false],
    ['*', 'Bash', true],
    ['mcp__crm__*', 'mcp__crm__drop', true],
    ['mcp__crm__*', 'mcp__crmx__drop', false],
    ['mcp__*__drop', 'mcp__crm__drop', true],
    ['mcp__*__drop', 'mcp__drop', false],
    ['*a*', 'a', true],
    ['a*a', 'a', false],
    ['a*b*b', 'ab', false],
    ['.*', 'Bash', false],
  ])('%s and the tool %s: %j', (name, tool, isMatch) => {
    expect(matches(name, tool)).toBe(isMatch);
  });

  it('matches every tool that has any text in the places of its stars', () => {
    const parts = fc.array(fc.string({ maxLength: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(parts, fc.infiniteStream(fc.string({ maxLength: 4 })), (names, texts) => {
        const plain = names.map((part) => part.replaceAll('*', ''));
        const [first = '', ...others] = plain;
        const tool = others.reduce((text, part) => text + (texts.next().value ?? '') + part, first);
        expect(matches(plain.join('*'), tool)).toBe(true);
      }),
    );
  });
});

describe('the expiry of a request', () => {
  it('is that of the first name that matches, and then the default', () => {
    const byTool = {
      Bash: { afterMs: 1, decision: 'allow' },
      '*': { afterMs: 2, decision: 'deny' },
    } as const;
    expect(expiryOf('Bash', false, byTool, 9, 0)).toMatchObject({ afterMs: 1, decision: 'allow' });
    expect(expiryOf('Write', false, byTool, 9, 0)).toMatchObject({ afterMs: 2, decision: 'deny' });
    expect(expiryOf('Bash', false, {}, 9, 0)).toMatchObject({ afterMs: 9, decision: 'deny' });
    expect(expiryOf('Bash', false, {}, null, 0)).toBeUndefined();
  });
});
