import { beforeEach, describe, expect, it } from '@jest/globals';
import { readDraft, writeDraft } from '../../page/src/client/drafts.js';

describe('the drafts that the page keeps', () => {
  let stored: Map<string, string>;
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  };
  beforeEach(() => {
    stored = new Map();
  });

  it('are those of each session, until they are sent', () => {
    writeDraft(storage, 'a', 'one');
    writeDraft(storage, 'b', 'two');
    writeDraft(storage, 'a', 'changed');
    expect([readDraft(storage, 'a'), readDraft(storage, 'b')]).toEqual(['changed', 'two']);
    writeDraft(storage, 'a', '');
    expect([readDraft(storage, 'a'), readDraft(storage, 'b')]).toEqual(['', 'two']);
  });

  it('are at most 50, without those that were written first', () => {
    for (let at = 0; at < 60; at += 1) writeDraft(storage, `s${at}`, 'text');
    expect(readDraft(storage, 's9')).toBe('');
    expect(readDraft(storage, 's10')).toBe('text');
  });

  it('have at most 200,000 characters together', () => {
    writeDraft(storage, 'a', 'x'.repeat(150_000));
    writeDraft(storage, 'b', 'x'.repeat(60_000));
    expect(readDraft(storage, 'a')).toBe('');
    writeDraft(storage, 'c', 'x'.repeat(200_001));
    expect(readDraft(storage, 'c')).toBe('');
  });

  it('are empty when the storage has another value', () => {
    for (const value of ['{', '{}', '[1]', '[["a"]]']) {
      stored = new Map([['agent-webkit:drafts', value]]);
      expect(readDraft(storage, 'a')).toBe('');
    }
  });
});
