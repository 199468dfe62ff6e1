// The suites, and the spec files of each. A file belongs to the suite with a prefix of its path,
// and to `main`, which is `npm test`, when there is none.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('./', import.meta.url));

/** @type {Readonly<Record<string, readonly string[]>>} Prefixes of paths below `test/`. */
export const SUITES = {
  main: [],
  // Many processes of the real agent.
  agents: [
    'agents/claude/',
    'gateway/model-agent.',
    'gateway/network-agent.',
    'gateway/network-programs.',
    'e2e/claude/capabilities.',
    'e2e/claude/clear.',
    'e2e/claude/commands.',
    'e2e/claude/costs.',
    'e2e/claude/deletion.',
    'e2e/claude/dialogs.',
    'e2e/claude/effort.',
    'e2e/claude/elicitation.',
    'e2e/claude/durable.',
    'e2e/claude/durable-turns.',
    'e2e/claude/ends.',
    'e2e/claude/grants.',
    'e2e/claude/hook-decisions.',
    'e2e/claude/host-tools.',
    'e2e/claude/isolation.',
    'e2e/claude/limits.',
    'e2e/claude/mcp-servers.',
    'e2e/claude/messages.',
    'e2e/claude/modes.',
    'e2e/claude/moves.',
    'e2e/claude/notices.',
    'e2e/claude/output-format.',
    'e2e/claude/permission-details.',
    'e2e/claude/plans.',
    'e2e/claude/react.',
    'e2e/claude/reconnect.',
    'e2e/claude/requests.',
    'e2e/claude/rewind.',
    'e2e/claude/shutdown.',
    'e2e/claude/subagents.',
    'e2e/claude/tasks.',
    'e2e/claude/transcripts.',
    'e2e/claude/unasked.',
    'e2e/claude/walls.',
    'e2e/claude/warm.',
  ],
  // README, guides and examples, compiled and executed.
  docs: ['docs/'],
  // Every program of docs/clients.md, in its language, against a server that is killed.
  clients: ['clients/'],
  // Several servers on one database, from outside: faults, partitions, deploys.
  cluster: ['cluster/'],
  // Servers and databases that are killed or frozen, and memory that must not grow.
  durability: ['durability/', 'e2e/http/refusals.', 'storage/sqlite-crash.'],
  // The built server on a machine that fails: logs, signals, file descriptors, disks.
  faults: ['faults/', 'storage/sqlite-watch.'],
  // The page in a real browser.
  page: [
    'page/browser.',
    'page/cards.',
    'page/components.',
    'page/inbox.',
    'page/mounted.',
    'page/notices.',
    'page/replace.',
    'page/axe.',
  ],
  // Proxies and caches from Debian, with the configurations of the documents.
  proxies: ['proxies/'],
  // Attacks of the real agent on its sandbox.
  walls: ['walls/'],
  // PostgreSQL in depth, and what servers that share it use.
  storage: ['storage/postgres-', 'bus/postgres-', 'bus/redis-'],
};

/**
 * Returns the name of the one suite that a spec file belongs to.
 *
 * @param {string} path below `test/`, with forward slashes
 * @throws Error when it would belong to several
 */
export function suiteOf(path) {
  const names = Object.keys(SUITES).filter((name) =>
    SUITES[name].some((prefix) => path.startsWith(prefix)),
  );
  if (names.length > 1) throw new Error(`${path} belongs to several suites: ${names.join(', ')}`);
  return names[0] ?? 'main';
}

/** Returns the path of every spec file below `test/`, with forward slashes. */
export function specFiles() {
  return readdirSync(folder, { recursive: true })
    .map((path) => String(path).replaceAll('\\', '/'))
    .filter((path) => path.endsWith('spec.ts'))
    .sort();
}

/** Returns the spec files of a suite. */
export function specsOf(suite) {
  return specFiles().filter((path) => suiteOf(path) === suite);
}
