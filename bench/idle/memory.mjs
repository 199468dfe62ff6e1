// Measures the server's memory for the first idle subscribers. It includes one-time costs, and memory that
// V8 does not return to the system. many-subscribers.mjs measures the cost of each one among many.
import { ask } from '../children.mjs';
import {
  EMITTING,
  figuresOf,
  measureAll,
  NEVER_EMITTING,
  SERVERS,
  THIS_PACKAGE,
  withServer,
} from '../fanout/comparison.mjs';
import { line, print } from '../targets.mjs';

const FULL = {
  name: 'memory of the first subscribers',
  kinds: [...EMITTING, ...NEVER_EMITTING],
  first: 100,
  subscribers: 1000,
};
const BRIEF = { ...FULL, kinds: ['raw', ...THIS_PACKAGE], first: 5, subscribers: 10 };
const FIGURES = { rssKb: 'RSS', heapKb: 'heap and buffers' };

export async function measureMemory(isBrief) {
  const setup = isBrief ? BRIEF : FULL;
  const rows = await measureAll([setup], isBrief ? 1 : 5, measure);
  print(
    `kB for each of the first ${setup.subscribers} idle subscribers.`,
    Object.entries(FIGURES).flatMap(([figure, title]) =>
      setup.kinds.map((kind) => [
        `${title}, ${SERVERS[kind]}`,
        line(figuresOf(rows, setup.name, kind, figure), { digits: 1 }),
      ]),
    ),
  );
  return { setup, rows };
}

/** Measures the growth after `first` subscribers, which carry a part of the one-time costs. */
function measure(kind, { first, subscribers }) {
  return withServer(kind, async ({ server, client, url }) => {
    await ask(client, { do: 'connect', url, subscribers: first });
    const before = await ask(server, { do: 'memory' });
    await ask(client, { do: 'connect', url, subscribers });
    const after = await ask(server, { do: 'memory' });
    return {
      rssKb: (after.rssBytes - before.rssBytes) / subscribers / 1000,
      heapKb: (after.bytes - before.bytes) / subscribers / 1000,
    };
  });
}
