import { describe, expect, it } from '@jest/globals';
import { readSessionFilter } from '../../src/agent-webkit/http/list-query.js';

const PAGE = { limit: 50, order: 'activity' } as const;

describe('the filter in a query', () => {
  it('is the same for a parser that keeps names and for one that makes objects', () => {
    const expected = { metadata: { project: 'shop', round: '3' } };
    const names = { 'metadata[project]': 'shop', 'metadata[round]': '3' };
    expect(readSessionFilter(PAGE, names)).toEqual(expected);
    expect(readSessionFilter(PAGE, { metadata: { project: 'shop', round: '3' } })).toEqual(
      expected,
    );
  });

  it('has one value for a key, also when a parser makes an object of only some', () => {
    const both = { 'metadata[project]': 'shop', metadata: { project: 'other' } };
    expect(() => readSessionFilter(PAGE, both)).toThrow('metadata[project]: must be given once');
  });
});
