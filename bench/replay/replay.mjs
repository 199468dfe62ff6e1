// Measures a reconnect: one subscriber with a cursor receives the events that it missed.
import { ask } from '../children.mjs';
import {
  EMITTING,
  figuresOf,
  measureAll,
  ratiosOf,
  SERVERS,
  THIS_PACKAGE,
  withServer,
} from '../fanout/comparison.mjs';
import { save, spread } from '../figures.mjs';
import { line, print } from '../targets.mjs';

const MS_BY_RAW = 1.5;
/** The number of retained events should make no difference. A ratio below this is noise. */
const MS_BY_RETAINED = 1.25;

export async function benchReplay(isBrief) {
  const times = isBrief ? 3 : 50;
  const repetitions = isBrief ? 1 : 5;
  const many = isBrief ? 100 : 1000;
  const all = { name: 'all retained events', kinds: EMITTING, retained: many, missed: many, times };
  const few = {
    name: '10 of 10 retained events',
    kinds: THIS_PACKAGE,
    retained: 10,
    missed: 10,
    times: times * 4,
  };
  const fewOfMany = {
    name: `10 of ${many * 10} retained events`,
    kinds: THIS_PACKAGE,
    retained: many * 10,
    missed: 10,
    times: times * 4,
  };

  const setups = [all, few, fewOfMany];
  const rows = await measureAll(setups, repetitions, measure);
  print(
    `Milliseconds from the request to the last of ${many} missed events: median (min-max), then as ` +
      'a ratio to raw node:http.',
    EMITTING.map((kind) => {
      const atMost = THIS_PACKAGE.includes(kind) ? MS_BY_RAW : undefined;
      const ms = spread(figuresOf(rows, all.name, kind, 'p50Ms'));
      return [SERVERS[kind], { ms, ...line(ratiosOf(rows, all.name, kind, 'p50Ms'), { atMost }) }];
    }),
  );
  print(
    'Milliseconds from the request to the last of 10 missed events, with few and with many retained events.',
    THIS_PACKAGE.flatMap((kind) => {
      const name = SERVERS[kind];
      const ofFew = figuresOf(rows, few.name, kind, 'p50Ms');
      const ofMany = figuresOf(rows, fewOfMany.name, kind, 'p50Ms');
      const ratios = ofMany.map((value, index) => value / ofFew[index]);
      return [
        [`${name}, ${few.retained} retained`, line(ofFew)],
        [`${name}, ${fewOfMany.retained} retained`, line(ofMany)],
        [
          `${name}, ${fewOfMany.retained} retained / ${few.retained} retained`,
          line(ratios, { atMost: MS_BY_RETAINED }),
        ],
      ];
    }),
  );
  save('replay', { setups, rows });
}

function measure(kind, { retained, missed, times }) {
  return withServer(
    kind,
    async ({ server, client, url }) => {
      await ask(server, { do: 'emit', events: retained, burst: 10, everyMs: 1 });
      const { lastId } = await ask(server, { do: 'lastId' });
      const request = { do: 'replay', url, after: lastId - missed, events: missed };
      await ask(client, { ...request, times: 20 }); // warms up the code
      return ask(client, { ...request, times });
    },
    { retains: true },
  );
}
