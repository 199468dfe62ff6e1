import { describe, expect, it } from '@jest/globals';
import type { EventAppend } from '../../src/agent-webkit/engine/storage.js';
import { splitGroup } from '../../src/agent-webkit/storage/postgres/append-statement.js';
import { sampleAppend, sampleEvents } from './postgres-samples.js';

function namesOf(parts: readonly (readonly EventAppend[])[]): string[][] {
  return parts.map((part) => part.map(({ sessionId }) => sessionId));
}

describe('a group of appends to PostgreSQL', () => {
  it('is one part when it is small, also with appends without events', () => {
    const group = ['a', 'b', 'c'].map((id, index) => sampleAppend(id, sampleEvents(1, index)));
    expect(splitGroup(group)).toEqual([group]);
  });

  it('is split before a second append to the same session, which must follow the first', () => {
    const group = ['a', 'b', 'a', 'b', 'a'].map((id) => sampleAppend(id, []));
    expect(namesOf(splitGroup(group))).toEqual([['a', 'b'], ['a', 'b'], ['a']]);
  });

  it('is split when it exceeds the events or the text of one statement', () => {
    const many = ['a', 'b', 'c'].map((id) => sampleAppend(id, sampleEvents(1, 2500)));
    expect(namesOf(splitGroup(many))).toEqual([['a', 'b'], ['c']]);
    const long = ['a', 'b', 'c'].map((id) =>
      sampleAppend(id, sampleEvents(1, 1, 'x'.repeat(1_900_000))),
    );
    expect(namesOf(splitGroup(long))).toEqual([['a', 'b'], ['c']]);
  });

  it('has a separate part for an append that exceeds the limit alone', () => {
    const group = [1, 6000, 1].map((count, index) =>
      sampleAppend(`${index}`, sampleEvents(1, count)),
    );
    expect(namesOf(splitGroup(group))).toEqual([['0'], ['1'], ['2']]);
  });
});
