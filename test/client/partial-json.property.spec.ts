import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parsePartialJson } from '../../src/client.js';

/** Returns true if a value is a beginning of another one: fewer entries, or the beginning of a text. */
function isBeginning(part: unknown, whole: unknown): boolean {
  if (typeof part === 'string') return typeof whole === 'string' && whole.startsWith(part);
  if (Array.isArray(part)) {
    return (
      Array.isArray(whole) &&
      part.length <= whole.length &&
      part.every((entry, at) => isBeginning(entry, whole[at]))
    );
  }
  if (typeof part === 'object' && part !== null) {
    return Object.entries(part).every(
      ([name, value]) =>
        Object.hasOwn(whole as object, name) &&
        isBeginning(value, (whole as Record<string, unknown>)[name]),
    );
  }
  return Object.is(part, whole);
}

const objects = fc.dictionary(
  fc.string({ unit: 'binary' }),
  fc.jsonValue({ stringUnit: 'binary' }),
);

describe('parsePartialJson()', () => {
  it('returns the value of a whole text', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parsePartialJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('returns a beginning of the value for each beginning of the text, which only grows', () => {
    fc.assert(
      fc.property(objects, fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const whole: unknown = JSON.parse(text);
        let before: unknown = {};
        for (let end = 1; end <= text.length; end += 1) {
          const part = parsePartialJson(text.slice(0, end));
          if (!isBeginning(part, whole) || !isBeginning(before, part)) return false;
          before = part;
        }
        expect(before).toEqual(whole);
        return true;
      }),
    );
  });

  it.each<[string, unknown]>([
    ['', undefined],
    ['{', {}],
    ['{"plac', {}],
    ['{"place"', {}],
    ['{"place":', {}],
    ['{"place":"Lis', { place: 'Lis' }],
    ['{"place":"Lis\\', { place: 'Lis' }],
    ['{"place":"a\\u00', { place: 'a' }],
    ['{"place":"a","n":12', { place: 'a' }],
    ['{"n":12,', { n: 12 }],
    ['{"n":12}', { n: 12 }],
    ['{"rows":[{"a":1},{"b', { rows: [{ a: 1 }, {}] }],
    ['{"rows":[1,tru', { rows: [1] }],
    ['no JSON', undefined],
    ['{"a":1}}', undefined],
    ['}', undefined],
  ])('reads %j', (text, value) => {
    expect(parsePartialJson(text)).toEqual(value);
  });

  it('never sets the prototype of an object', () => {
    const value = parsePartialJson('{"__proto__":{"isAdmin":true},"a":"b') as object;
    expect(Object.keys(value)).toEqual(['__proto__', 'a']);
    expect('isAdmin' in value).toBe(false);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(
            '{',
            '}',
            '[',
            ']',
            '"',
            ',',
            ':',
            '\\',
            'u',
            '0',
            '1',
            ' ',
            'true',
          ),
        }),
        (text) => {
          parsePartialJson(text);
        },
      ),
    );
  });
});
