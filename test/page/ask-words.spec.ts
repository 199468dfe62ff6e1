import { describe, expect, it } from '@jest/globals';
import { askWords, waitingWords } from '../../page/src/ui/ask-words.js';
import { describeSuggestion } from '../../page/src/ui/suggestions.js';

describe('the words of a permission request', () => {
  it.each([
    ['Bash', { command: 'ls' }, 'Allow this command?'],
    ['Write', { file_path: '/srv/shop/a.txt', content: '' }, 'Allow writing a.txt?'],
    ['Edit', { file_path: 'b.ts' }, 'Allow editing b.ts?'],
    ['WebFetch', { url: 'https://example.com/a?b=c' }, 'Allow reading from example.com?'],
    ['WebFetch', { url: 'no address' }, 'Allow the tool WebFetch?'],
    ['Write', {}, 'Allow the tool Write?'],
    ['mcp__crm__find_customer', {}, 'Allow “find_customer” of crm?'],
    ['constructor', {}, 'Allow the tool constructor?'],
  ])('of %s %j are: %s', (tool, input, words) => {
    expect(askWords(tool, input)).toBe(words);
  });

  it('of a call in a list are a sentence', () => {
    expect(waitingWords('Write', { file_path: '/a.txt' })).toBe('Writing a.txt needs permission');
    expect(waitingWords('ExitPlanMode', { plan: '1. Begin' })).toBe('A plan needs your approval');
    expect(waitingWords('mcp__pay__send', {})).toBe('“send” of pay needs permission');
  });

  it.each([
    [{ type: 'setMode', mode: 'acceptEdits' }, 'accept edits without asking'],
    [{ type: 'setMode', mode: 'unknown' }, 'switch to the permission mode unknown'],
    [
      {
        type: 'addRules',
        behavior: 'allow',
        rules: [{ toolName: 'Bash', ruleContent: 'npm test:*' }],
      },
      'allow commands that begin with “npm test”',
    ],
    [
      { type: 'addRules', behavior: 'allow', rules: [{ toolName: 'Bash', ruleContent: 'ls' }] },
      'allow the command “ls”',
    ],
    [{ type: 'addRules', behavior: 'allow', rules: [{ toolName: 'Write' }] }, 'allow Write'],
    [{ type: 'addDirectories', directories: ['/tmp'] }, 'allow access to /tmp'],
  ])('that would always apply, %j, are: %s', (suggestion, words) => {
    expect(describeSuggestion(suggestion)).toBe(words);
  });
});
