// npm run docs:options: writes the table of options into the document below, from the descriptors.
// With --check it writes nothing, and fails where the table is not current.
import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { runnerImport } from 'vite';

/** The document with the table, between `<!-- options -->` and `<!-- /options -->`. */
const DOCUMENT = 'docs/options.md';

const root = fileURLToPath(new URL('..', import.meta.url));
const path = `${root}${DOCUMENT}`;
const OPEN = '<!-- options -->';
const CLOSE = '<!-- /options -->';

function renderTable(options, showDefault) {
  const rows = options.map((option) => {
    const { rule, unit, variable, effect, ...rest } = option.descriptor;
    const name = [option.path, variable].filter(Boolean).map(asCode).join('<br>');
    return [name, asDefault(showDefault(rest)), unit ?? '', escape(rule.words), effect];
  });
  const head = ['option, variable', 'default', 'unit', 'allowed values', 'effect'];
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** A default that is a value, not words, reads as code. */
const asDefault = (text) => (/^(?:\d+|null|true|false)$/.test(text) ? asCode(text) : text);
const asCode = (text) => `\`${text}\``;
const escape = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

async function load(file) {
  const source = `${root}src/agent-webkit/options/${file}`;
  const { module } = await runnerImport(source, { root, configFile: false });
  return module;
}

/** Returns the document with the current table. */
async function render(document) {
  const [before, rest] = document.split(OPEN);
  const [, after] = rest?.split(CLOSE) ?? [];
  if (after === undefined) throw new Error(`${DOCUMENT} has no ${OPEN} ... ${CLOSE}.`);
  const { OPTIONS } = await load('option-table.ts');
  const { showDefault } = await load('descriptor.ts');
  const table = renderTable(OPTIONS, showDefault);
  const config = await resolveConfig(path);
  return format(`${before}${OPEN}\n\n${table}\n\n${CLOSE}${after}`, {
    ...config,
    parser: 'markdown',
  });
}

const document = readFileSync(path, 'utf8');
const current = await render(document);
if (!process.argv.includes('--check')) {
  writeFileSync(path, current);
} else if (document !== current) {
  process.stderr.write(
    `The table in ${relative(root, path)} is not current. Run npm run docs:options.\n`,
  );
  process.exitCode = 1;
}
