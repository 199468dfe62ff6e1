import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOMS } from './rooms.mjs';

/** The rules about imports, as a plugin of oxlint. */
export default {
  meta: { name: 'boundaries' },
  rules: {
    imports: {
      meta: { type: 'problem', schema: [] },
      create(context) {
        const file = pathInTree(context.filename);
        if (!file || file.startsWith('lint/')) return {};
        const check = (node, specifier, kind) => {
          const message = typeof specifier === 'string' && findProblem(file, specifier, kind);
          if (message) context.report({ node, message });
        };
        return {
          Program(node) {
            if (isGoverned(file) && !roomOf(file)) {
              context.report({ node, message: `Add ${file} to a room in lint/rooms.mjs.` });
            }
          },
          ImportDeclaration: (node) =>
            check(node, node.source.value, ofDeclaration(node.importKind)),
          ExportAllDeclaration: (node) =>
            check(node, node.source.value, ofDeclaration(node.exportKind)),
          ExportNamedDeclaration: (node) =>
            check(node, node.source?.value, ofDeclaration(node.exportKind)),
          ImportExpression: (node) => check(node, node.source.value, 'lazy'),
          TSImportType: (node) =>
            check(node, (node.source ?? node.argument?.literal)?.value, 'type'),
          TSExternalModuleReference: (node) => check(node, node.expression.value, 'value'),
          CallExpression(node) {
            const { callee, arguments: given } = node;
            if (callee.type === 'Identifier' && callee.name === 'require') {
              check(node, given[0]?.value, 'value');
            }
          },
        };
      },
    },
  },
};

// With `verbatimModuleSyntax`, `import { type A }` still loads the module: only `import type` does not.
function ofDeclaration(kind) {
  return kind === 'type' ? 'type' : 'value';
}

const ROOT = posix.join(fileURLToPath(import.meta.url).replaceAll('\\', '/'), '../..');

/** The entries of this package by the names that examples and tests use. */
const OWN_NAMES = {
  'nestjs-agent-webkit': 'src/index.ts',
  'nestjs-agent-webkit/client': 'src/client.ts',
  'nestjs-agent-webkit/react': 'src/react.ts',
  'nestjs-agent-webkit/page': 'src/page.ts',
  'nestjs-agent-webkit/testing': 'src/testing.ts',
  'nestjs-agent-webkit/engine': 'src/engine.ts',
};

const NETWORK = new Set([
  'node:http',
  'node:https',
  'node:http2',
  'node:net',
  'node:tls',
  'node:dgram',
]);
const BUILTINS = new Set(builtinModules);

const PATTERNS = Object.entries(ROOMS)
  .flatMap(([name, { files }]) => [files].flat().map((pattern) => ({ name, pattern })))
  .toSorted((one, other) => other.pattern.length - one.pattern.length);

function roomOf(file) {
  return PATTERNS.find(({ pattern }) => matches(file, pattern))?.name;
}

function matches(file, pattern) {
  if (pattern.endsWith('/')) return file.startsWith(pattern);
  if (pattern.endsWith('/*')) return `${posix.dirname(file)}/*` === pattern;
  return file === pattern;
}

/** Code that ships: all of it belongs to a room. */
function isGoverned(file) {
  return file.startsWith('src/') || file.startsWith('page/src/');
}

/** The message about an import that the table does not allow, or undefined. */
function findProblem(file, specifier, kind) {
  const room = roomOf(file);
  const target = resolve(file, specifier);
  if (!room) return findOutsideProblem(file, target);
  const { rooms, packages } = ROOMS[room];
  if ('package' in target) {
    const { package: name } = target;
    if (packages.some((entry) => isPackageAllowed(entry, name, kind))) return undefined;
    return `${room} must not import ${name}${however(packages, name)}. The table is lint/rooms.mjs.`;
  }
  const wanted = roomOf(target.file);
  if (wanted === room) return undefined;
  if (wanted && rooms.some((entry) => allows(entry, wanted, kind))) return undefined;
  const what = wanted ?? target.file;
  return `${room} must not import ${what}${however(rooms, what)}. The table is lint/rooms.mjs.`;
}

/** Examples use the package by its name; nothing but tests imports tests. */
function findOutsideProblem(file, target) {
  const imported = target.file ?? '';
  const isTest = file.startsWith('test/') || file === 'jest.config.js';
  if (!isTest && imported.startsWith('test/')) return 'Only tests import tests.';
  if (file.startsWith('examples/') && isGoverned(imported) && !target.isByName) {
    return 'Examples import the package by its name, as a host does.';
  }
  if (file.startsWith('bench/') && isGoverned(imported)) return 'The benchmark measures dist/.';
  return undefined;
}

function allows(entry, name, kind) {
  return typeof entry === 'string'
    ? entry === name
    : entry.name === name && entry.kinds.includes(kind);
}

function isPackageAllowed(entry, name, kind) {
  return (
    allows(entry, name, kind) ||
    (entry === 'node:*' && name.startsWith('node:') && !NETWORK.has(name))
  );
}

function however(entries, name) {
  const kinds = entries.find((entry) => entry.name === name)?.kinds;
  if (!kinds) return '';
  return kinds.includes('lazy')
    ? ' except by `import type` and `await import()`'
    : ' except by `import type`';
}

function resolve(file, specifier) {
  if (specifier.startsWith('.')) {
    const path = posix.join(posix.dirname(file), specifier);
    return { file: path.replace(/\.js$/, '.ts') };
  }
  const own = OWN_NAMES[specifier];
  if (own) return { file: own, isByName: true };
  if (specifier.startsWith('node:')) return { package: specifier };
  const parts = specifier.split('/');
  const name = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  return { package: BUILTINS.has(name) ? `node:${name}` : name };
}

function pathInTree(filename) {
  const path = filename.replaceAll('\\', '/');
  return path.startsWith(`${ROOT}/`) ? path.slice(ROOT.length + 1) : undefined;
}
