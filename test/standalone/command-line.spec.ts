import { describe, expect, it } from '@jest/globals';
import { HELP, readCommand, UsageError } from '../../src/standalone/command-line.js';
import { OPTIONS } from '../../src/agent-webkit/options/option-table.js';
import { readDocument } from '../docs/markdown.js';

describe('the command line', () => {
  it.each([
    [[], 'start'],
    [['--help'], 'help'],
    [['-h'], 'help'],
    [['--version'], 'version'],
    [['-v'], 'version'],
    [['--version', '--help'], 'help'],
  ] as const)('of %j is the command %s', (args, command) => {
    expect(readCommand(args)).toEqual({ name: command });
  });

  it('verifies one file, or the standard input', () => {
    expect(readCommand(['verify', 'a.jsonl'])).toEqual({ name: 'verify', file: 'a.jsonl' });
    expect(readCommand(['verify', '-'])).toEqual({ name: 'verify', file: '-' });
    expect(readCommand(['verify', '--help'])).toEqual({ name: 'help' });
    for (const args of [['verify'], ['verify', ''], ['verify', 'a', 'b']])
      expect(() => readCommand(args)).toThrow(UsageError);
  });

  it('rejects an argument that does not exist, and names it', () => {
    expect(() => readCommand(['--port=80'])).toThrow(UsageError);
    expect(() => readCommand(['--port=80'])).toThrow(/'--port=80'/);
  });

  it('has help that names only variables that the server reads', () => {
    const known = new Set([
      ...OPTIONS.flatMap(({ descriptor }) => descriptor.variable ?? []),
      ...(readDocument('src/standalone/settings.ts').match(/\b[A-Z]+(?:_[A-Z]+)*\b/g) ?? []),
    ]);
    const named = [...HELP.matchAll(/^ {2}([A-Z_]+)/gm)].map(([, name]) => name);

    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => name !== undefined && !known.has(name))).toEqual([]);
  });
});
