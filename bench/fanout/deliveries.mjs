// How many events a server delivers.
import { ask } from '../children.mjs';
import { spread } from '../figures.mjs';
import { line, print } from '../targets.mjs';
import { figuresOf, measureAll, OURS, ratiosOf, SERVERS, withServer } from './field.mjs';

/**
 * How many events are on their way at most. The next ones are said when all subscribers have these:
 * as fast as they keep up. It is less than any buffer takes, so nobody is held up, and nobody gains
 * by writing later.
 */
const ON_THEIR_WAY = 64;

const TARGETS = {
  1: { express: 0.8, fastify: 1 },
  16: { express: 1.7, fastify: 2.4 },
};
const TIMES_BETTER_SSE = 5;

function setupsOf(isBrief) {
  const sizes = isBrief
    ? [{ subscribers: 10, events: 64, warmUp: 64 }]
    : [
        { subscribers: 100, events: 1280, warmUp: 320 },
        { subscribers: 1000, events: 192, warmUp: 64 },
      ];
  return sizes.flatMap((size) =>
    [1, 16].map((burst) => ({
      name: `${size.subscribers} subscribers, ${burst === 1 ? 'single' : `bursts of ${burst}`}`,
      ...size,
      burst,
    })),
  );
}

export async function measureDeliveries(isBrief) {
  const setups = setupsOf(isBrief);
  const rows = await measureAll(Object.keys(SERVERS), setups, isBrief ? 1 : 5, measure);
  print(
    'Deliveries for each second of processor time that the server took, in thousands: median ' +
      '(min-max), then as a ratio to raw node:http.',
    linesOf(setups, (setup, kind) => {
      const thousands = figuresOf(rows, setup.name, kind, 'perCpuSecond').map((it) => it / 1000);
      const ratios = ratiosOf(rows, setup.name, kind, 'perCpuSecond');
      const atLeast = TARGETS[setup.burst][kind];
      return { deliveries: spread(thousands, 0), ...line(ratios, { atLeast }) };
    }),
  );
  print(
    'Ours as a ratio to better-sse.',
    linesOf(
      setups.filter(({ burst }) => burst > 1),
      (setup, kind) =>
        line(ratiosOf(rows, setup.name, kind, 'perCpuSecond', 'better-sse'), {
          atLeast: TIMES_BETTER_SSE,
        }),
      OURS,
    ),
  );
  return { setups, rows };
}

function linesOf(setups, columnsFor, kinds = Object.keys(SERVERS)) {
  return setups.flatMap((setup) =>
    kinds.map((kind) => [`${setup.name}, ${SERVERS[kind]}`, columnsFor(setup, kind)]),
  );
}

/**
 * The server's processor time is what counts. Deliveries in a second of the clock would be the same
 * thing on a machine with nothing else to do; on any other they tell what else it does, and where the
 * subscribers are slower than the server, they tell about the subscribers.
 */
function measure(kind, { subscribers, events, warmUp, burst }) {
  return withServer(kind, async ({ server, client, url }) => {
    await ask(client, { do: 'connect', url, subscribers });
    await deliver(server, client, warmUp, burst);
    const before = await ask(server, { do: 'cpu' });
    const begun = performance.now();
    await deliver(server, client, events, burst);
    const seconds = (performance.now() - begun) / 1000;
    const after = await ask(server, { do: 'cpu' });
    const deliveries = subscribers * events;
    return {
      perCpuSecond: (deliveries * 1000) / (after.cpuMs - before.cpuMs),
      perSecond: deliveries / seconds,
    };
  });
}

async function deliver(server, client, events, burst) {
  for (let sent = 0; sent < events; sent += ON_THEIR_WAY) {
    // oxlint-disable-next-line no-await-in-loop -- that is the pace
    await Promise.all([
      ask(client, { do: 'receive', events: ON_THEIR_WAY }),
      ask(server, { do: 'emit', events: ON_THEIR_WAY, burst, everyMs: 0 }),
    ]);
  }
}
