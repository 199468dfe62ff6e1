// So many subscribers that one process hardly has more. All get the event that comes at last, except where
// nothing can be said.
import { readFileSync } from 'node:fs';
import { ask } from '../children.mjs';
import { figuresOf, measureAll, OURS, SERVERS, SILENT, withServer } from '../fanout/field.mjs';
import { line, print } from '../targets.mjs';

const KINDS = ['raw', 'nest', ...SILENT, ...OURS];
const KB_OF_RSS = 32;
const FULL = { name: 'many subscribers', kinds: KINDS, subscribers: 10_000 };
const BRIEF = { ...FULL, subscribers: 40 };
const CLIENTS = 4;
const FIGURES = {
  connectS: 'seconds until all are there',
  lastMs: 'ms until the last one has the event',
  rssKb: 'kB of the process (RSS) for each',
};

export async function measureCrowd(isBrief) {
  const setup = isBrief ? BRIEF : FULL;
  if (openFilesAllowed() < setup.subscribers + 200) {
    console.log(`\n${setup.subscribers} subscribers are left out: see ulimit -n.`);
    return null;
  }
  const rows = await measureAll([setup], isBrief ? 1 : 3, measure);
  print(
    `${setup.subscribers} subscribers on one process.`,
    Object.entries(FIGURES).flatMap(([figure, title]) =>
      KINDS.filter((kind) => figure !== 'lastMs' || !SILENT.includes(kind)).map((kind) => [
        `${title}, ${SERVERS[kind]}`,
        line(figuresOf(rows, setup.name, kind, figure), {
          digits: 1,
          atMost: figure === 'rssKb' && OURS.includes(kind) ? KB_OF_RSS : undefined,
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
    const begun = performance.now();
    await Promise.all(
      clients.map((client) => ask(client, { do: 'connect', url, subscribers: share })),
    );
    const connectS = (performance.now() - begun) / 1000;
    const after = await ask(server, { do: 'memory' });
    const rssKb = (after.rssBytes - before.rssBytes) / subscribers / 1000;
    if (SILENT.includes(kind)) return { connectS, rssKb };
    const received = clients.map((client) => ask(client, { do: 'receive', events: 1 }));
    const emitted = ask(server, { do: 'emit', events: 1, burst: 1, everyMs: 0 });
    const [, ...latencies] = await Promise.all([emitted, ...received]);
    return { connectS, lastMs: Math.max(...latencies.map(({ maxMs }) => maxMs)), rssKb };
  };
  return withServer(kind, run, { count: CLIENTS });
}

/** Node raises its own limit as far as it may. */
function openFilesAllowed() {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  } catch {
    return Number.POSITIVE_INFINITY; // not on this system
  }
}
