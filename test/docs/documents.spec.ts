import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const root = new URL('../../', import.meta.url);

describe('the documents', () => {
  it('are all listed in the README', () => {
    const readme = readFileSync(new URL('README.md', root), 'utf8');
    const listed = [...readme.matchAll(/^\| \[[^\]]+\]\(docs\/([\w-]+\.md)\)/gm)].map(
      ([, name]) => name,
    );
    const pages = readdirSync(new URL('docs/', root)).filter((name) => name.endsWith('.md'));

    // The start page of the website lists them as well.
    expect(new Set(listed)).toEqual(new Set(pages.filter((name) => name !== 'index.md')));
  });
});
