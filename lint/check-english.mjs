/**
 * Checks everything a person reads (comments, messages, titles of tests, Markdown) for the words of
 * `english-words.mjs`, and docblocks for their opening.
 *
 *   node lint/check-english.mjs              every file
 *   node lint/check-english.mjs src/ docs/   these folders and files
 *
 * Prints each place with what to write, and exits with 1 if there is one.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { OPENING, WORDS } from './english-words.mjs';
import { openingOf, readableText } from './readable-text.mjs';

const READ = /\.(?:[cm]?[jt]s|tsx|md|css|html|ya?ml)$|^\.ci\/run$/;

/** Recordings are data, and the checker has to name the words. */
const PASSED_OVER = ['test/fixtures/', 'lint/english-words.mjs', 'test/lint/check-english.spec.ts'];

/** Returns what is wrong with one file's English: its line, the words, and what to write. */
export function findProblems(path, text) {
  const problems = [];
  const report = (index, words, write) =>
    problems.push({ line: text.slice(0, index).split('\n').length, words, write });
  for (const part of readableText(path, text)) {
    if (part.kind === 'docblock') {
      const opening = openingOf(part.text);
      const [words] = OPENING.found.exec(opening) ?? [];
      if (words) report(part.start + part.text.indexOf(opening), words, OPENING.write);
    }
    // Words may be on both sides of the end of a line.
    const flat = part.text.replace(/\n[ \t]*(?:\*(?!\/)|\/\/)?[ \t]?/g, (gap) =>
      ' '.padEnd(gap.length, '\0'),
    );
    const { text: plain, at } = withoutPadding(flat);
    for (const { found, write } of WORDS) {
      for (const match of plain.matchAll(found)) {
        report(part.start + at[match.index], match[0], write);
      }
    }
  }
  return problems.toSorted((one, other) => one.line - other.line);
}

/** The text without its padding, and for each of its characters where it was. */
function withoutPadding(padded) {
  const at = [];
  let text = '';
  for (let index = 0; index < padded.length; index += 1) {
    if (padded[index] === '\0') continue;
    text += padded[index];
    at.push(index);
  }
  return { text, at };
}

function checkedFiles(prefixes) {
  const listed = execFileSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    {
      encoding: 'utf8',
    },
  );
  return listed
    .split('\0')
    .filter((path) => READ.test(path) && prefixes.some((prefix) => path.startsWith(prefix)))
    .filter((path) => !PASSED_OVER.some((prefix) => path.startsWith(prefix)));
}

function main(given) {
  const prefixes = given.length > 0 ? given : [''];
  const files = checkedFiles(prefixes);
  if (files.length === 0) throw new Error(`There are no files to check in ${prefixes.join(', ')}.`);
  const problems = files.flatMap((path) =>
    findProblems(path, readFileSync(path, 'utf8')).map((problem) => ({ path, ...problem })),
  );
  for (const { path, line, words, write } of problems) {
    console.log(`${path}:${line}: "${words}". Write: ${write}`);
  }
  console.log(`${files.length} files checked, ${problems.length} places to correct.`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));
