// What a subscriber that waits takes of the server's memory.
import { ask } from '../children.mjs';
import { ALL, figuresOf, measureAll, OURS, SERVERS, withServer } from '../fanout/field.mjs';
import { line, print } from '../targets.mjs';

const FULL = { name: 'idle', kinds: ALL, warmUp: 100, subscribers: 1000, between: 2000 };
const BRIEF = { ...FULL, kinds: ['raw', ...OURS], warmUp: 5, subscribers: 10, between: 20 };
const FIGURES = {
  rssKb: 'the process (RSS)',
  heapKb: 'heap and buffers',
  firstRssKb: 'the process (RSS), the first of them',
};
const KB_OF_RSS = 32;

export async function measureMemory(isBrief) {
  const setup = isBrief ? BRIEF : FULL;
  const rows = await measureAll([setup], isBrief ? 1 : 5, measure);
  print(
    `kB for each of ${setup.subscribers} subscribers that wait.`,
    Object.entries(FIGURES).flatMap(([figure, title]) =>
      setup.kinds.map((kind) => [
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

/**
 * With the first ones the process itself grows: V8's young generation does, once, to its full size.
 * What one more subscriber costs is what comes after.
 */
function measure(kind, { warmUp, subscribers, between }) {
  return withServer(kind, async ({ server, client, url }) => {
    const connect = (count) => ask(client, { do: 'connect', url, subscribers: count });
    const cost = async () => {
      const before = await ask(server, { do: 'memory' });
      await connect(subscribers);
      const after = await ask(server, { do: 'memory' });
      return {
        rssKb: (after.rssBytes - before.rssBytes) / subscribers / 1000,
        heapKb: (after.bytes - before.bytes) / subscribers / 1000,
      };
    };
    await connect(warmUp);
    const first = await cost();
    await connect(between);
    return { ...(await cost()), firstRssKb: first.rssKb };
  });
}
