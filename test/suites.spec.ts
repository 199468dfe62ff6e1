import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { specFiles, specsOf, SUITES } from './suites.js';

const { scripts } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { scripts: Record<string, string> };
const suites = Object.keys(SUITES);

describe('the suites', () => {
  it('run each spec file in exactly one suite', () => {
    const run = suites.flatMap((suite) => specsOf(suite));

    expect(run.sort()).toEqual(specFiles());
  });

  it('name no path that no spec file has', () => {
    const unused = Object.values(SUITES)
      .flat()
      .filter((prefix) => !specFiles().some((path) => path.startsWith(prefix)));

    expect(unused).toEqual([]);
  });

  it('have a script each, which CI reads from package.json', () => {
    const named = Object.keys(scripts).filter((name) => /^test(:|$)/.test(name));
    const expected = suites.map((suite) => (suite === 'main' ? 'test' : `test:${suite}`));

    expect(named.sort()).toEqual([...expected, 'test:all'].sort());
  });

  it('are all run by the workflow of GitHub', () => {
    const workflow = readFileSync(new URL('../.github/workflows/ci.yml', import.meta.url), 'utf8');
    const run = [...workflow.matchAll(/- run: npm (?:run )?(test(?::\w+)?)$/gm)].map(
      ([, name]) => name,
    );
    const expected = suites.map((suite) => (suite === 'main' ? 'test' : `test:${suite}`));

    expect(new Set(run)).toEqual(new Set(expected));
  });
});
