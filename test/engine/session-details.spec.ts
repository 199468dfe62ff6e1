import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  changedDetails,
  detailsAfter,
  differencesOf,
  NO_DETAILS,
  type SessionDetails,
  titleOf,
} from '../../src/agent-webkit/engine/session-details.js';
import type { ChangeSession } from '../../src/agent-webkit/protocol/inbound.js';

const text = (value: string) => ({ type: 'text', text: value }) as const;

describe('the title of a message', () => {
  it.each([
    ['Why does the build fail?', 'Why does the build fail?'],
    ['  one\n\n two\t three\u0000 ', 'one two three'],
    ['', null],
    [' \n ', null],
    ['x'.repeat(80), 'x'.repeat(80)],
    ['x'.repeat(81), `${'x'.repeat(79)}…`],
    [`${'word '.repeat(20)}end`, `${'word '.repeat(15).trim()}…`],
    ['😀'.repeat(100), `${'😀'.repeat(79)}…`],
  ])('of %j is %j', (content, title) => {
    expect(titleOf(content)).toBe(title);
  });

  it('is made from all of its texts, and there is none without text', () => {
    const source = { type: 'base64', media_type: 'image/png', data: 'AAAA' } as const;
    const image = { type: 'image', source } as const;
    expect(titleOf([image, text('What is'), text('this?')])).toBe('What is this?');
    expect(titleOf([image])).toBeNull();
  });

  it('is short, and is its own title', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (content) => {
        const title = titleOf(content);
        if (title === null) return;
        expect(Array.from(title).length).toBeLessThanOrEqual(80);
        expect(titleOf(title)).toBe(title);
      }),
    );
  });
});

describe('a change of details', () => {
  const key = fc.constantFrom('a', 'b', 'constructor');
  const value = fc.oneof(fc.constantFrom('x', 1, true), fc.string());
  const change: fc.Arbitrary<ChangeSession> = fc.record(
    {
      title: fc.option(fc.constantFrom('one', 'two')),
      metadata: fc.option(fc.dictionary(key, fc.option(value))),
      archived: fc.option(fc.boolean()),
    },
    { requiredKeys: [] },
  );
  const details: fc.Arbitrary<SessionDetails> = fc.record({
    title: fc.option(fc.constantFrom('one', 'three')),
    messageTitle: fc.option(fc.constantFrom('one', 'four')),
    metadata: fc.dictionary(key, value),
    archived: fc.boolean(),
  });

  it('is the same as the event of its differences, and has none the second time', () => {
    fc.assert(
      fc.property(details, change, (before, asked) => {
        const after = changedDetails(before, asked);
        const differences = differencesOf(before, after);
        expect(detailsAfter(before, { ...differences, by: 'ada' })).toEqual(after);
        expect(differencesOf(after, changedDetails(after, asked))).toEqual({});
      }),
    );
  });

  it('has the same result when its events are repeated after it', () => {
    fc.assert(
      fc.property(details, fc.array(change), fc.nat(), (first, asked, from) => {
        const events: Parameters<typeof detailsAfter>[1][] = [];
        let last = first;
        for (const one of asked) {
          const next = changedDetails(last, one);
          events.push({ ...differencesOf(last, next), by: 'ada' });
          last = next;
        }
        const repeated = events.slice(from % (events.length + 1));
        expect(repeated.reduce(detailsAfter, last)).toEqual(last);
      }),
    );
  });

  it('sets and removes values of the metadata, and keeps the others', () => {
    const before = { ...NO_DETAILS, metadata: { a: 1, b: 2 } };
    const after = (metadata: ChangeSession['metadata']) =>
      changedDetails(before, metadata === undefined ? {} : { metadata }).metadata;
    expect(after({ a: null, c: 'x' })).toEqual({ b: 2, c: 'x' });
    expect(after(null)).toEqual({});
    expect(after({})).toEqual({ a: 1, b: 2 });
  });
});
