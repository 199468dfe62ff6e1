// What the first subscribers that wait take of the server's memory. The process itself grows with them,
// by much that is needed once, and by what V8 does not give back. What each costs among many is in crowd.mjs.
import { ask } from '../children.mjs';
import {
  figuresOf,
  measureAll,
  OURS,
  SERVERS,
  SILENT,
  SPEAKING,
  withServer,
} from '../fanout/field.mjs';
import { line, print } from '../targets.mjs';

const FULL = {
  name: 'memory of the first subscribers',
  kinds: [...SPEAKING, ...SILENT],
  first: 100,
  subscribers: 1000,
};
const BRIEF = { ...FULL, kinds: ['raw', ...OURS], first: 5, subscribers: 10 };
const FIGURES = { rssKb: 'of the process (RSS)', heapKb: 'of heap and buffers' };

export async function measureMemory(isBrief) {
  const setup = isBrief ? BRIEF : FULL;
  const rows = await measureAll([setup], isBrief ? 1 : 5, measure);
  print(
    `kB for each of ${setup.subscribers} subscribers that wait.`,
    Object.entries(FIGURES).flatMap(([figure, title]) =>
      setup.kinds.map((kind) => [
        `${title}, ${SERVERS[kind]}`,
        line(figuresOf(rows, setup.name, kind, figure), { digits: 1 }),
      ]),
    ),
  );
  return { setup, rows };
}

/** The first ones are there before: with them comes what is needed once. */
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
