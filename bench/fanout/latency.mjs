// Measures how long an event takes from the agent's message to the subscriber, at a low rate.
import { ask } from '../children.mjs';
import { spread } from '../figures.mjs';
import { line, print } from '../targets.mjs';
import {
  EMITTING,
  figuresOf,
  measureAll,
  ratiosOf,
  SERVERS,
  THIS_PACKAGE,
  withServer,
} from './comparison.mjs';

const FULL = {
  name: 'latency',
  kinds: EMITTING,
  subscribers: 200,
  events: 200,
  warmUp: 50,
  everyMs: 20,
};
const BRIEF = { ...FULL, kinds: ['raw', ...THIS_PACKAGE], subscribers: 10, events: 20, warmUp: 5 };
const FIGURES = { p50Ms: 'p50', p99Ms: 'p99' };
const P99_BY_RAW = 1.5;

export async function measureLatency(isBrief) {
  const setup = isBrief ? BRIEF : FULL;
  const rows = await measureAll([setup], isBrief ? 1 : 5, measure);
  print(
    `Milliseconds from the agent's message to the subscriber, ${setup.subscribers} subscribers and ` +
      `${1000 / setup.everyMs} events per second: median (min-max), then as a ratio to raw node:http.`,
    Object.entries(FIGURES).flatMap(([figure, title]) =>
      setup.kinds.map((kind) => {
        const atMost = figure === 'p99Ms' && THIS_PACKAGE.includes(kind) ? P99_BY_RAW : undefined;
        const ratios = ratiosOf(rows, setup.name, kind, figure);
        const ms = spread(figuresOf(rows, setup.name, kind, figure));
        return [`${title}, ${SERVERS[kind]}`, { ms, ...line(ratios, { atMost }) }];
      }),
    ),
  );
  return { setup, rows };
}

function measure(kind, { subscribers, events, warmUp, everyMs }) {
  return withServer(kind, async ({ server, client, url }) => {
    await ask(client, { do: 'connect', url, subscribers });
    const [figures] = await pace(warmUp).then(() => pace(events));
    return figures;

    function pace(count) {
      return Promise.all([
        ask(client, { do: 'receive', events: count }),
        ask(server, { do: 'emit', events: count, burst: 1, everyMs }),
      ]);
    }
  });
}
