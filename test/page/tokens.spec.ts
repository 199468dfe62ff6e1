import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { highlight } from '../../page/src/ui/code/highlighter.js';
import { readMarkup } from '../../page/src/ui/code/tokens.js';

const code = fc.oneof(
  fc.string(),
  fc
    .array(
      fc.constantFrom('<b>', '"', "'", '&amp;', '`${', '}', '//', '\n', 'const', ' 1', '</span>'),
    )
    .map((parts) => parts.join('')),
);

describe('the tokens of code', () => {
  it.each(['typescript', 'xml', 'bash', 'markdown', 'json'])(
    'contain the whole text of %s, whatever it is',
    (language) => {
      fc.assert(
        fc.property(code, (text) => {
          const tokens = highlight(text, language) ?? [];
          expect(tokens.map((token) => token.text).join('')).toBe(text);
        }),
      );
    },
  );

  it('have the innermost kind of their markup', () => {
    const markup =
      'a <span class="hljs-string">&quot;b<span class="hljs-subst">${<span class="other">c</span>}</span></span>';
    expect(readMarkup(markup)).toEqual([
      { text: 'a ', kind: '' },
      { text: '"b', kind: 'string' },
      { text: '${', kind: 'subst' },
      { text: 'c', kind: 'subst' },
      { text: '}', kind: 'subst' },
    ]);
  });

  it('are unknown in a language that is not supported', () => {
    expect(highlight('x', 'klingon')).toBeNull();
    expect(highlight('const x = 1;', 'ts')).toContainEqual({ text: 'const', kind: 'keyword' });
  });
});
