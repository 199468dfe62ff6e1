import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { EVENT_NAMES } from '../../src/agent-webkit/protocol/events.js';
import { readDocument, ROOT } from './markdown.js';

describe('the table of events', () => {
  it('is what the types say: npm run docs:events writes it', () => {
    const before = readDocument('docs/events.md');
    execFileSync(process.execPath, ['docs/events.mjs'], { cwd: ROOT });

    expect(before).toBe(readDocument('docs/events.md'));
  });

  it('has every event, and so has the README', () => {
    const told = [...readDocument('docs/events.md').matchAll(/^## `(\w+)`$/gm)];

    expect(told.map(([, name]) => name)).toEqual(EVENT_NAMES);
    const [, section = ''] = readDocument('README.md').split('\n## Events\n');
    expect(EVENT_NAMES.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
  });
});
