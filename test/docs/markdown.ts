import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** One fenced block of a document. */
export interface Block {
  /** The document's path, relative to the project's folder. */
  path: string;
  /** The line number of the block's first line of code, from 1. */
  line: number;
  language: string;
  /** The words after the language on the opening line. */
  label: string;
  code: string;
}

export function readDocument(path: string): string {
  return readFileSync(`${ROOT}${path}`, 'utf8');
}

/** Every document whose code blocks and links are tested: a new page in `docs/` is covered at once. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'examples/README.md',
  ...readdirSync(`${ROOT}docs`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Returns the fenced blocks of a document, in order. */
export function readBlocks(path: string): Block[] {
  const lines = readDocument(path).split('\n');
  const blocks: Block[] = [];
  let open: Block | null = null;
  for (const [index, line] of lines.entries()) {
    const [, language, label = ''] = /^\s*```(\w*)\s*(.*)$/.exec(line) ?? [];
    if (language === undefined) {
      if (open) open.code += `${line}\n`;
    } else if (open) {
      blocks.push(open);
      open = null;
    } else {
      open = { path, line: index + 2, language, label, code: '' };
    }
  }
  if (open) throw new Error(`${path}:${open.line}: the block is not closed.`);
  return blocks;
}

/** Returns the rows of the table between two comments, `<!-- name -->` and `<!-- /name -->`: each a list of its cells. */
export function readTable(path: string, name: string): string[][] {
  const [, between] = readDocument(path).split(`<!-- ${name} -->`);
  const [table = ''] = (between ?? '').split(`<!-- /${name} -->`);
  const rows = table.split('\n').filter((line) => line.startsWith('|'));
  if (rows.length < 3) throw new Error(`${path} has no table named '${name}'.`);
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

/** Returns a cell without the marks of code. */
export const plain = (cell = ''): string => cell.replaceAll('`', '');
