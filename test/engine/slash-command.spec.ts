import { describe, expect, it } from '@jest/globals';
import { ForbiddenError } from '../../src/agent-webkit/engine/errors.js';
import { checkCommand, isPermittedCommand } from '../../src/agent-webkit/engine/slash-command.js';
import type { UserContent } from '../../src/agent-webkit/protocol/events.js';

const text = (words: string) => ({ type: 'text' as const, text: words });
const image = {
  type: 'image' as const,
  source: { type: 'base64' as const, media_type: 'image/png' as const, data: 'AAAA' },
};

const rejection = (content: UserContent, permitted: readonly string[] | null = ['clear']) => {
  try {
    checkCommand(content, permitted);
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(ForbiddenError);
    return (error as Error).message;
  }
};

describe('A slash command', () => {
  it.each<[string, UserContent]>([
    ['a name', '/model'],
    ['a name and arguments', '/model opus'],
    ['a name and a line', '/model\nopus'],
    ['the name of a plugin', '/plugin:model'],
    ['the name of an MCP server', '/mcp__server__prompt'],
    ['an unknown name', '/tmp is full'],
    ['a name beyond ASCII', '/größe.x'],
    ['the only block', [text('/model')]],
    ['the last block', [image, text('hello'), text('/model')]],
    ['a name in capitals', '/CLEAR'],
    ['a name that begins like a permitted one', '/clearer'],
  ])('is rejected when it is %s that is not permitted', (_, content) => {
    expect(rejection(content)).toMatch(
      /^content: the command '\/\S+' is not permitted\. Permitted: \/clear\. To send it as text/,
    );
    expect(rejection(content, [])).toContain('Permitted: none.');
    expect(isPermittedCommand(content, ['clear'])).toBe(false);
    expect(rejection(content, null)).toBeNull();
    expect(isPermittedCommand(content, null)).toBe(true);
  });

  it.each<[UserContent]>([['/clear'], ['/clear all'], ['/clear\tall'], [[image, text('/clear')]]])(
    'is accepted when its name is permitted: %j',
    (content) => {
      expect(rejection(content)).toBeNull();
      expect(isPermittedCommand(content, ['clear'])).toBe(true);
    },
  );

  it.each<[UserContent]>([
    ['/clear @/etc/hosts'],
    ['/clear @"a b"'],
    ['/clear\n(@x)'],
    [[text('see @x'), text('/clear')]],
  ])('cannot mention a file: %j', (content) => {
    expect(rejection(content)).toMatch(/^content: a command cannot mention a file/);
    expect(rejection(content, null)).toMatch(/^content: a command cannot mention a file/);
    // A message that an earlier version of the server has queued is sent as text.
    expect(isPermittedCommand(content, ['clear'])).toBe(false);
    expect(isPermittedCommand(content, null)).toBe(false);
  });

  it('may contain the address of a person', () => {
    expect(rejection('/clear ann@example.com')).toBeNull();
  });
});

describe('Text', () => {
  it.each<[UserContent]>([
    [''],
    ['clear'],
    [' /model'],
    ['\n/model'],
    ['/ model'],
    ['//model'],
    ['/etc/hosts is wrong'],
    ['see @/etc/hosts'],
    [[]],
    [[text('/model'), text('is a command')]],
    [[text('/model'), image]],
  ])('is never taken for a command: %j', (content) => {
    expect(rejection(content, [])).toBeNull();
    expect(isPermittedCommand(content, null)).toBe(false);
  });
});
