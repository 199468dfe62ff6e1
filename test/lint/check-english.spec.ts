import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const script = join(import.meta.dirname, '../../lint/check-english.mjs');

type FindProblems = (
  path: string,
  text: string,
) => { line: number; words: string; write: string }[];
const { findProblems } = (await import(String(pathToFileURL(script)))) as {
  findProblems: FindProblems;
};

describe('The check of the English', () => {
  let tree: string;
  beforeEach(async () => {
    tree = await mkdtemp(join(tmpdir(), 'english-'));
    execFileSync('git', ['init', '--quiet'], { cwd: tree });
  });
  afterEach(() => rm(tree, { recursive: true }));

  it.each([
    ['/** What a session is. */', 'What'],
    ['/** Who reads. */', 'Who'],
    ['/** Whose session it is. */', 'Whose'],
    ['/** Whether it is open. */', 'Whether'],
    ['/**\n * Whether it is open.\n */', 'Whether'],
    ['/** Every how many seconds it reads. */', 'Every how many'],
    ['// Mend the field.', 'Mend'],
    ['// The server is told that it ends.', 'is told'],
    ['// Subscribers were\n// told of it.', 'were told'],
    ['/**\n * The server takes\n * it up.\n */', 'takes it up'],
    ['// It lets the session go.', 'lets the session go'],
    ['// The session was given up.', 'given up'],
    ['// Nothing stirs it.', 'stirs'],
    ['// An agent at rest.', 'at rest'],
    ['// The first who comes.', 'who comes'],
    [`fail('This is nobody’s session.');`, 'nobody'],
    ['fail(`The session ${id} is no more.`);', 'is no more'],
    [`it('serves all followers at once', run);`, 'followers'],
    ['// A fellow server.', 'fellow'],
    ['// It is asked again.', 'asked again'],
  ])('finds the words to avoid in %j', (code, words) => {
    const problems = findProblems('a.ts', `const line = 1;\n${code}\n`);
    expect(problems).toEqual([{ line: expect.any(Number), words, write: expect.any(String) }]);
  });

  it('reports the line of each place, in code and in Markdown', async () => {
    await writeFile(join(tree, 'a.ts'), 'const a = 1;\n\n/**\n * Text.\n * To mend it.\n */\n');
    await writeFile(join(tree, 'b.md'), '# Title\n\nThe session is\nno more.\n');
    const { status, stdout } = check();
    expect(stdout).toContain('a.ts:5: "mend"');
    expect(stdout).toContain('b.md:3: "is no more"');
    expect(stdout).toContain('2 files checked, 2 places to correct.');
    expect(status).toBe(1);
  });

  it.each([
    '/** How long an idle agent is kept before it is stopped. */',
    '/** Returns what the client sent. */',
    '// What follows is ordinary.',
    '// It takes up to five seconds, and is no more than a retry.',
    '// The data is encrypted at rest.',
    `get('/sessions/nobody');`,
    'const nobody = stir(followers);',
    'const amendment = 1; // to recommend a friend',
  ])('finds nothing in %j', (code) => {
    expect(findProblems('a.ts', `${code}\n`)).toEqual([]);
  });

  it('reads only the files that it is given', async () => {
    await mkdir(join(tree, 'docs'));
    await writeFile(join(tree, 'a.md'), 'To mend.\n');
    await writeFile(join(tree, 'docs/b.md'), 'To correct.\n');
    expect(check('docs/').status).toBe(0);
    expect(check('a.md').status).toBe(1);
  });

  it('fails when there is nothing to check', () => {
    expect(check('misspelt/')).toMatchObject({ status: 1, stdout: '' });
  });

  function check(...args: string[]) {
    return spawnSync(process.execPath, [script, ...args], { cwd: tree, encoding: 'utf8' });
  }
});
