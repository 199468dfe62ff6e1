import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { canonicalJson, digestOf, TooDeepError } from '../../src/agent-webkit/engine/digest.js';

/** Returns the same value with the members of its objects in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, member]) => [name, reordered(member)] as const);
  return Object.fromEntries(entries.toReversed());
}

describe('the canonical JSON of a value', () => {
  it('is the one in the example of RFC 8785', () => {
    const example =
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
      '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}';
    expect(canonicalJson(JSON.parse(example))).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('orders properties by their UTF-16 code units', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\u{1f600}', '\u0080', '\u00f6', '10', '2'];
    const value = Object.fromEntries(names.map((name) => [name, 0]));
    expect([...canonicalJson(value).matchAll(/"(.*?)":/g)].map(([, name]) => name)).toEqual([
      '\\r',
      '1',
      '10',
      '2',
      '\u0080',
      '\u00f6',
      '\u20ac',
      '\u{1f600}',
      '\ufb33',
    ]);
  });

  it('means the same value, whatever the order of its properties is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = canonicalJson(value);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(reordered(value))).toBe(json);
        expect(digestOf(JSON.parse(json))).toBe(digestOf(value));
      }),
    );
  });

  it('leaves out the members that JSON cannot express', () => {
    const value = { a: undefined, b: [undefined, () => 1], c: new Date(0), d: () => 1 };
    expect(canonicalJson(value)).toBe(JSON.stringify(value));
  });

  it('does not exist for a value that is nested too deeply', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown;
    expect(() => digestOf(deep)).toThrow(TooDeepError);
  });
});
