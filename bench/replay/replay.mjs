// What it takes to come back: one subscriber with a cursor gets what it missed.
import { ask } from '../children.mjs';
import {
  figuresOf,
  measureAll,
  OURS,
  ratiosOf,
  SERVERS,
  SPEAKING,
  withServer,
} from '../fanout/field.mjs';
import { save, spread } from '../figures.mjs';
import { line, print } from '../targets.mjs';

const MS_BY_RAW = 1.5;
/** The number of kept events should make no difference. A ratio below this is noise. */
const MS_BY_KEPT = 1.25;

export async function benchReplay(isBrief) {
  const times = isBrief ? 3 : 50;
  const repetitions = isBrief ? 1 : 5;
  const many = isBrief ? 100 : 1000;
  const all = { name: 'all of the kept events', kinds: SPEAKING, kept: many, missed: many, times };
  const few = {
    name: 'ten of ten kept events',
    kinds: OURS,
    kept: 10,
    missed: 10,
    times: times * 4,
  };
  const fewOfMany = {
    name: 'ten of many kept events',
    kinds: OURS,
    kept: many * 10,
    missed: 10,
    times: times * 4,
  };

  const setups = [all, few, fewOfMany];
  const rows = await measureAll(setups, repetitions, measure);
  print(
    `Milliseconds from the request to the last of ${many} missed events: median (min-max), then as ` +
      'a ratio to raw node:http.',
    SPEAKING.map((kind) => {
      const atMost = OURS.includes(kind) ? MS_BY_RAW : undefined;
      const ms = spread(figuresOf(rows, all.name, kind, 'p50Ms'));
      return [SERVERS[kind], { ms, ...line(ratiosOf(rows, all.name, kind, 'p50Ms'), { atMost }) }];
    }),
  );
  print(
    'Milliseconds from the request to the last of 10 missed events, where few or many are kept.',
    OURS.flatMap((kind) => {
      const name = SERVERS[kind];
      const ofFew = figuresOf(rows, few.name, kind, 'p50Ms');
      const ofMany = figuresOf(rows, fewOfMany.name, kind, 'p50Ms');
      const ratios = ofMany.map((value, index) => value / ofFew[index]);
      return [
        [`${name}, ${few.kept} kept`, line(ofFew)],
        [`${name}, ${fewOfMany.kept} kept`, line(ofMany)],
        [
          `${name}, ${fewOfMany.kept} kept / ${few.kept} kept`,
          line(ratios, { atMost: MS_BY_KEPT }),
        ],
      ];
    }),
  );
  save('replay', { setups, rows });
}

function measure(kind, { kept, missed, times }) {
  return withServer(
    kind,
    async ({ server, client, url }) => {
      await ask(server, { do: 'emit', events: kept, burst: 10, everyMs: 1 });
      const { lastId } = await ask(server, { do: 'lastId' });
      const request = { do: 'replay', url, after: lastId - missed, events: missed };
      await ask(client, { ...request, times: 20 }); // until the code is warm
      return ask(client, { ...request, times });
    },
    { keeps: true },
  );
}
