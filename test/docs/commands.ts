import { readCommand } from '../../src/standalone/command-line.js';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OPTIONS } from '../../src/agent-webkit/options/option-table.js';
import { APACHE_MODULES } from '../proxies/proxies.js';
import { type Block, readDocument, ROOT } from './markdown.js';

const manifest = JSON.parse(readDocument('package.json')) as {
  name: string;
  bin?: Record<string, string>;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};
const packages = new Set([
  manifest.name,
  ...Object.keys(manifest.dependencies),
  ...Object.keys(manifest.peerDependencies),
  ...Object.keys(manifest.devDependencies),
]);
const settings = new Set([
  ...(readDocument('src/standalone/settings.ts').match(
    /AGENT_WEBKIT_[A-Z_]+|HOST\b|PORT\b|[A-Z_]+_API_KEY/g,
  ) ?? []),
  ...OPTIONS.flatMap(({ descriptor }) => descriptor.variable ?? []),
]);
/** Variables that examples and other programs read. */
const OTHER_VARIABLES = [
  'DATABASE_URL',
  'NODE_ENV',
  'NODE_OPTIONS',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'DURABILITY',
];

/** Returns the shell lines of a block, without comments. A line that ends with a backslash continues on the next one. */
function commandsOf(code: string): string[] {
  return code
    .replaceAll('\\\n', ' ')
    .split(/\n|&&/)
    .map((line) => line.replace(/(?:^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** Returns the names of packages among the arguments of a command, without their versions. */
const namesIn = (words: string[]) =>
  words.filter((word) => !word.startsWith('-')).map((word) => word.replace(/(?<=.)@[\w.^-]+$/, ''));

/** Returns the problem of a command that a document shows, or null. */
function findProblem(command: string): string | null {
  const [, assignments = '', rest = ''] =
    /^((?:[A-Z_]+=(?:'[^']*'|\S*)\s+)*)(.*)$/.exec(command) ?? [];
  for (const [, name = ''] of assignments.matchAll(/([A-Z_]+)=/g)) {
    if (!settings.has(name) && !OTHER_VARIABLES.includes(name)) return `reads no ${name}`;
  }
  const [program, ...words] = rest.split(/\s+/);
  switch (program) {
    case 'npm':
      return findNpmProblem(words);
    case 'npx':
      return findNpxProblem(words);
    case 'bash':
      return existsSync(join(ROOT, words[0] ?? '')) ? null : `has no script ${words[0]}`;
    case 'node':
      return words.at(-1) === 'dist/main.js' ? null : `has no program ${words.at(-1)}`;
    case 'a2enmod':
      // Those that the suite `proxies` loads.
      return words.toSorted().join() === APACHE_MODULES.toSorted().join()
        ? null
        : `enables other modules than ${APACHE_MODULES.join()}`;
    // No Docker engine runs in the tests; the Dockerfile is linted.
    case 'docker':
      return ['build', 'run'].includes(words[0] ?? '') ? null : `docker ${words[0]} is not known`;
    default:
      return `the command ${program} is not known`;
  }
}

function findNpmProblem([command = '', name = '', ...words]: string[]): string | null {
  if (['ci', 'start', 'test', 'pack', 'audit'].includes(command)) return null;
  if (command === 'run') return manifest.scripts[name] ? null : `has no script ${name}`;
  // The starter of a package of the project, such as that of Vite.
  if (command === 'create')
    return packages.has(name.replace(/@\w+$/, '')) ? null : `starts ${name}`;
  if (command !== 'install') return `npm ${command} is not known`;
  const unknown = namesIn([name, ...words]).filter((installed) => !packages.has(installed));
  return unknown.length === 0 ? null : `no package ${unknown.join(', ')} belongs to the project`;
}

function findNpxProblem(words: string[]): string | null {
  // What follows the package's own program are its arguments.
  const isOwn = words[0] === manifest.name && readCommand(words.slice(1)).name !== 'start';
  const unknown = (isOwn ? [] : namesIn(words)).filter((name) => !packages.has(name));
  if (unknown.length > 0) return `no package ${unknown.join(', ')} belongs to the project`;
  return manifest.bin?.[manifest.name] ? null : 'the package has no program';
}

/** Returns a sentence for each command of a block that the project does not have. */
export function findCommandProblems({ path, line, code }: Block): string[] {
  return commandsOf(code).flatMap((command) => {
    const problem = findProblem(command);
    return problem === null ? [] : [`${path}:${line}: ${command}: ${problem}`];
  });
}
