import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { EVENT_NAMES } from '../../src/agent-webkit/protocol/events.js';
import { readDocument, ROOT } from './markdown.js';

describe('The page of events', () => {
  it('matches the types, as npm run docs:events generates it', () => {
    const before = readDocument('docs/events.md');
    execFileSync(process.execPath, ['docs/events.mjs'], { cwd: ROOT });

    expect(before).toBe(readDocument('docs/events.md'));
  });

  it('describes every event in a sentence', () => {
    const sections = [...readDocument('docs/events.md').matchAll(/^## `(\w+)`\n\n(.*)$/gm)];

    expect(sections.map(([, name]) => name)).toEqual(EVENT_NAMES);
    for (const [, , sentence] of sections) expect(sentence).toMatch(/^[A-Z].*\.$/);
  });
});
