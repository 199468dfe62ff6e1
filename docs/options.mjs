// npm run docs:options: writes the tables of options and settings into the document below, from their
// descriptors. With --check it writes nothing, and fails where a table is not current.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { runnerImport } from 'vite';

/** The document with the tables, each between comments such as `<!-- options -->` and `<!-- /options -->`. */
const DOCUMENT = 'docs/options.md';

const root = fileURLToPath(new URL('..', import.meta.url));

async function load(file) {
  const { module } = await runnerImport(`${root}src/${file}`, { root, configFile: false });
  return module;
}

const { OPTIONS } = await load('agent-webkit/options/option-table.ts');
const { showDefault } = await load('agent-webkit/options/descriptor.ts');
const { SERVER_SETTINGS } = await load('standalone/setting-table.ts');

/** Returns a table for each group of options, under a heading. */
function renderOptions() {
  return [...new Set(OPTIONS.map(({ group }) => group))].map(renderGroup).join('\n\n');
}

function renderGroup(group) {
  const rows = OPTIONS.filter((option) => option.group === group).map(({ name, descriptor }) => [
    asCode(name),
    renderDefault(descriptor),
    renderMeaning(descriptor),
  ]);
  const title = group === null ? 'Top level' : asCode(group);
  return `### ${title}\n\n${renderTable(['option', 'default', 'meaning'], rows)}`;
}

function renderMeaning({ effect, rule, unit, variable }) {
  const lines = [`Allowed: ${rule.words}.`];
  if (unit) lines.push(`Unit: ${unit}.`);
  if (variable) lines.push(`Variable: ${asCode(variable)}.`);
  return [effect, lines.join(' ')].join('<br>');
}

function renderSettings() {
  const rows = Object.entries(SERVER_SETTINGS).map(([variable, descriptor]) => [
    asCode(variable),
    renderDefault(descriptor),
    descriptor.rule.text.words ?? descriptor.rule.words,
    descriptor.effect,
  ]);
  return renderTable(['variable', 'default', 'allowed values', 'effect'], rows);
}

function renderTable(head, rows) {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map(escape).join(' | ')} |`)
    .join('\n');
}

/** A default in words is text already; a value is code. */
function renderDefault(descriptor) {
  return descriptor.defaultText ?? asCode(showDefault(descriptor));
}

function asCode(text) {
  return `\`${text}\``;
}

function escape(text) {
  return text.replaceAll('|', '\\|').replaceAll(/<(?!br>)/g, '&lt;');
}

/** Returns the document with a table in the place of the one that stands there. */
function replaceTable(document, name, table) {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before, rest] = document.split(open);
  const [, after] = rest?.split(close) ?? [];
  if (after === undefined) throw new Error(`${DOCUMENT} has no ${open} ... ${close}.`);
  return `${before}${open}\n\n${table}\n\n${close}${after}`;
}

const path = `${root}${DOCUMENT}`;
const document = readFileSync(path, 'utf8');
const written = replaceTable(
  replaceTable(document, 'options', renderOptions()),
  'settings',
  renderSettings(),
);
const current = await format(written, { ...(await resolveConfig(path)), parser: 'markdown' });
if (!process.argv.includes('--check')) {
  writeFileSync(path, current);
} else if (document !== current) {
  process.stderr.write(`The tables in ${DOCUMENT} are not current. Run npm run docs:options.\n`);
  process.exitCode = 1;
}
