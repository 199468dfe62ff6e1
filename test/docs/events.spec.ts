import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { EVENT_NAMES } from '../../src/agent-webkit/protocol/events.js';
import { readDocument, ROOT } from './markdown.js';

const GENERATED = ['docs/events.md', 'src/agent-webkit/openapi/wire-schemas.ts'];

describe('The page of events', () => {
  it('matches the types, and so do the schemas: npm run docs:events generates both', () => {
    const before = GENERATED.map(readDocument);
    execFileSync(process.execPath, ['docs/events.mjs'], { cwd: ROOT });

    expect(before).toEqual(GENERATED.map(readDocument));
  });

  it('describes every event in a sentence', () => {
    const sections = [...readDocument('docs/events.md').matchAll(/^## `(\w+)`\n\n(.*)$/gm)];

    expect(sections.map(([, name]) => name)).toEqual(EVENT_NAMES);
    for (const [, , sentence] of sections) expect(sentence).toMatch(/^[A-Z].*\.$/);
  });
});
