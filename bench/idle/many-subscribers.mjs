// Measures 10,000 subscribers on one process. At the end all receive one event, except on the servers that
// never emit.
import { readFileSync } from 'node:fs';
import { ask } from '../children.mjs';
import {
  figuresOf,
  measureAll,
  NEVER_EMITTING,
  SERVERS,
  THIS_PACKAGE,
  withServer,
} from '../fanout/comparison.mjs';
import { line, print } from '../targets.mjs';

const KINDS = ['raw', 'nest', ...NEVER_EMITTING, ...THIS_PACKAGE];
const KB_OF_RSS = 32;
const FULL = { name: 'many subscribers', kinds: KINDS, subscribers: 10_000 };
const BRIEF = { ...FULL, subscribers: 40 };
const CLIENTS = 4;
const FIGURES = {
  connectS: 'seconds until all are connected',
  lastMs: 'ms until the last one receives the event',
  rssKb: 'kB (RSS) each',
};

export async function measureManySubscribers(isBrief) {
  const setup = isBrief ? BRIEF : FULL;
  if (openFilesAllowed() < setup.subscribers + 200) {
    console.log(
      `\nSkipped ${setup.subscribers} subscribers: the limit of open files is too low. Raise it with ulimit -n.`,
    );
    return null;
  }
  const rows = await measureAll([setup], isBrief ? 1 : 3, measure);
  print(
    `${setup.subscribers} subscribers on one process.`,
    Object.entries(FIGURES).flatMap(([figure, title]) =>
      KINDS.filter((kind) => figure !== 'lastMs' || !NEVER_EMITTING.includes(kind)).map((kind) => [
        `${title}, ${SERVERS[kind]}`,
        line(figuresOf(rows, setup.name, kind, figure), {
          digits: 1,
          atMost: figure === 'rssKb' && THIS_PACKAGE.includes(kind) ? KB_OF_RSS : undefined,
        }),
      ]),
    ),
  );
  return { setup, rows };
}

function measure(kind, { subscribers }) {
  const run = async ({ server, clients, url }) => {
    const share = subscribers / clients.length;
    const before = await ask(server, { do: 'memory' });
    const startedAt = performance.now();
    await Promise.all(
      clients.map((client) => ask(client, { do: 'connect', url, subscribers: share })),
    );
    const connectS = (performance.now() - startedAt) / 1000;
    const after = await ask(server, { do: 'memory' });
    const rssKb = (after.rssBytes - before.rssBytes) / subscribers / 1000;
    if (NEVER_EMITTING.includes(kind)) return { connectS, rssKb };
    const received = clients.map((client) => ask(client, { do: 'receive', events: 1 }));
    const emitted = ask(server, { do: 'emit', events: 1, burst: 1, everyMs: 0 });
    const [, ...latencies] = await Promise.all([emitted, ...received]);
    return { connectS, lastMs: Math.max(...latencies.map(({ maxMs }) => maxMs)), rssKb };
  };
  return withServer(kind, run, { count: CLIENTS });
}

/** Returns the limit of open files. Node raises it to the hard limit at startup. */
function openFilesAllowed() {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  } catch {
    return Number.POSITIVE_INFINITY; // not on this system
  }
}
