import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { diffLines, toRows } from '../../page/src/ui/code/diff.js';
import { readFileChange } from '../../page/src/ui/code/file-change.js';

const line = fc.constantFrom('a', 'b', 'c', 'let sum = 0;', 'let sum = 1;', '');
const lines = fc.array(line, { maxLength: 12 });

const textsOf = (before: string, after: string, without: 'added' | 'removed') =>
  diffLines(before, after)
    .filter(({ kind }) => kind !== without)
    .map(({ text }) => text);

const many = (word: string) =>
  Array.from({ length: 5000 }, (_, index) => `${word} ${index}`).join('\n');

describe('the diff of two texts', () => {
  it('contains the lines of both, in their order', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        // A line break ends a line, so that an empty text has none.
        const old = before.map((text) => `${text}\n`).join('');
        const next = after.map((text) => `${text}\n`).join('');
        expect(textsOf(old, next, 'added')).toEqual(before);
        expect(textsOf(old, next, 'removed')).toEqual(after);
      }),
    );
  });

  it('shows equal lines once', () => {
    fc.assert(
      fc.property(lines, (same) => {
        const text = same.join('\n');
        expect(diffLines(text, text).every(({ kind }) => kind === 'same')).toBe(true);
      }),
    );
    const kinds = diffLines('a\nb\nc', 'b\nx\nc\nd').map(({ kind, text }) => `${kind} ${text}`);
    expect(kinds).toEqual(['removed a', 'same b', 'added x', 'same c', 'added d']);
  });

  it('marks the part of a line that was changed', () => {
    const marked = diffLines('  sum += item.price;', '  sum += item.price * item.count;').map(
      ({ text, from, to }) => text.slice(from, to),
    );
    expect(marked).toEqual(['', ' * item.count']);
    expect(diffLines('one', 'two').every(({ from }) => from === undefined)).toBe(true);
  });

  it('leaves out unchanged lines that are far from a change', () => {
    const old = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    const rows = toRows(diffLines(old.join('\n'), old.with(10, 'new').join('\n')));
    expect(rows[0]).toEqual({ kind: 'gap', count: 7 });
    expect(rows).toHaveLength(1 + 3 + 2 + 3 + 1);
    expect(rows.at(-1)).toEqual({ kind: 'gap', count: 6 });
  });

  it('does not compare texts that are too long line by line', () => {
    expect(diffLines(many('old'), many('new'))).toHaveLength(10_000);
  });
});

describe('the change of a file', () => {
  it('is read from the input of Edit, MultiEdit and Write', () => {
    const edit = { old_string: 'a', new_string: 'b' };
    const read = { before: 'a', after: 'b', isEverywhere: false };
    expect(readFileChange('Edit', { file_path: 'x', ...edit })).toEqual({
      path: 'x',
      edits: [read],
      isWhole: false,
    });
    const edits = [edit, { ...edit, replace_all: true }];
    expect(readFileChange('MultiEdit', { file_path: 'x', edits })?.edits).toEqual([
      read,
      { ...read, isEverywhere: true },
    ]);
    expect(readFileChange('Write', { file_path: 'x', content: 'b' })).toMatchObject({
      edits: [{ before: '', after: 'b' }],
      isWhole: true,
    });
  });

  it.each([
    ['Bash', { command: 'ls' }],
    ['Edit', { file_path: 'x', old_string: 'a' }],
    ['Edit', null],
    ['MultiEdit', { file_path: 'x', edits: [] }],
    ['MultiEdit', { file_path: 'x', edits: [null] }],
    ['Write', { content: 'b' }],
  ])('is none of the input of %s %j', (tool, input) => {
    expect(readFileChange(tool, input)).toBeNull();
  });
});
