// Measures how many events a server delivers per second of processor time.
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

/** Without gathering, each event or burst is written on its own, which measures the cost of one write. The others measure saturation. */
const PACES = [
  { title: 'single', burst: 1, isGathered: true, kinds: EMITTING },
  { title: 'bursts of 16', burst: 16, isGathered: true, kinds: EMITTING },
  {
    title: 'single, without gathering',
    burst: 1,
    isGathered: false,
    kinds: ['raw', ...THIS_PACKAGE],
  },
  {
    title: 'bursts of 16, without gathering',
    burst: 16,
    isGathered: false,
    kinds: ['raw', ...THIS_PACKAGE],
  },
];
/**
 * `inFlight` is the maximum number of events in flight. The next ones are emitted when all subscribers
 * have received these. The system's buffers hold that many, so no subscriber is delayed. `events` is
 * the number of measured events, single or in bursts, after half as many to warm up the code.
 */
const SIZES = [
  { subscribers: 100, inFlight: 512, events: { 1: 2048, 16: 6144 } },
  { subscribers: 1000, inFlight: 128, events: { 1: 256, 16: 512 } },
];
const BRIEF = [{ subscribers: 10, inFlight: 64, events: { 1: 128, 16: 128 } }];
const TARGETS = {
  single: { express: 0.8, fastify: 1 },
  'bursts of 16': { express: 1.7, fastify: 2.4 },
};
const TIMES_BETTER_SSE = 5;

export async function measureDeliveries(isBrief) {
  const setups = (isBrief ? BRIEF : SIZES).flatMap((size) =>
    PACES.map((pace) => ({
      name: `${size.subscribers} subscribers, ${pace.title}`,
      ...size,
      ...pace,
      events: size.events[pace.burst],
    })),
  );
  const rows = await measureAll(setups, isBrief ? 1 : 3, measure);
  print(
    "Deliveries per second of the server's processor time, in thousands: median (min-max), then as a " +
      'ratio to raw node:http. Events are published as fast as all subscribers keep up. Each event, or ' +
      'each burst, is in its own turn of the event loop.',
    linesOf(setups, (setup, kind) => {
      const thousands = figuresOf(rows, setup.name, kind, 'perCpuSecond').map(
        (figure) => figure / 1000,
      );
      const ratios = ratiosOf(rows, setup.name, kind, 'perCpuSecond');
      const atLeast = TARGETS[setup.title]?.[kind];
      return { deliveries: spread(thousands, 0), ...line(ratios, { atLeast }) };
    }),
  );
  print(
    'This package, as a ratio to better-sse.',
    linesOf(
      setups
        .filter(({ title }) => title === 'bursts of 16')
        .map((setup) => ({ ...setup, kinds: THIS_PACKAGE })),
      (setup, kind) =>
        line(ratiosOf(rows, setup.name, kind, 'perCpuSecond', 'better-sse'), {
          atLeast: TIMES_BETTER_SSE,
        }),
    ),
  );
  return { setups, rows };
}

function linesOf(setups, columnsFor) {
  return setups.flatMap((setup) =>
    setup.kinds.map((kind) => [`${setup.name}, ${SERVERS[kind]}`, columnsFor(setup, kind)]),
  );
}

/**
 * Measures deliveries per second of the server's processor time. Deliveries per second of real time would
 * be equivalent only on an idle machine. They also depend on other load, and on the subscribers where
 * these are slower than the server.
 */
function measure(kind, setup) {
  const { subscribers, events } = setup;
  return withServer(kind, async ({ server, client, url }) => {
    await ask(client, { do: 'connect', url, subscribers });
    await deliver(server, client, { ...setup, events: events / 2 });
    const before = await ask(server, { do: 'cpu' });
    const startedAt = performance.now();
    await deliver(server, client, setup);
    const seconds = (performance.now() - startedAt) / 1000;
    const after = await ask(server, { do: 'cpu' });
    const deliveries = subscribers * events;
    return {
      perCpuSecond: (deliveries * 1000) / (after.cpuMs - before.cpuMs),
      perSecond: deliveries / seconds,
    };
  });
}

async function deliver(server, client, { events, inFlight, burst, isGathered }) {
  for (let sent = 0; sent < events; sent += inFlight) {
    // oxlint-disable-next-line no-await-in-loop -- sets the pace
    await Promise.all([
      ask(client, { do: 'receive', events: inFlight }),
      ask(server, { do: 'emit', events: inFlight, burst, everyMs: 0, isGathered }),
    ]);
  }
}
