// How many events a server delivers.
import { ask } from '../children.mjs';
import { spread } from '../figures.mjs';
import { line, print } from '../targets.mjs';
import { figuresOf, measureAll, OURS, ratiosOf, SERVERS, SPEAKING, withServer } from './field.mjs';

/** Events that are emitted apart are written apart, which measures the cost of one write. The others measure saturation. */
const PACES = [
  { title: 'single', burst: 1, isApart: false, kinds: SPEAKING },
  { title: 'bursts of 16', burst: 16, isApart: false, kinds: SPEAKING },
  { title: 'single, apart', burst: 1, isApart: true, kinds: ['raw', ...OURS] },
  { title: 'bursts of 16, apart', burst: 16, isApart: true, kinds: ['raw', ...OURS] },
];
/**
 * `onTheirWay` is the maximum number of events in flight. The next ones are emitted when all subscribers
 * have received these. The buffers of the system hold that many, so no subscriber is held up. `events` is
 * the number of measured events, single or in bursts, after half as many to warm up the code.
 */
const SIZES = [
  { subscribers: 100, onTheirWay: 512, events: { 1: 2048, 16: 6144 } },
  { subscribers: 1000, onTheirWay: 128, events: { 1: 256, 16: 512 } },
];
const BRIEF = [{ subscribers: 10, onTheirWay: 64, events: { 1: 128, 16: 128 } }];
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
    'Deliveries for each second of processor time that the server took, in thousands: median ' +
      '(min-max), then as a ratio to raw node:http. As fast as all keep up, each event or burst in a ' +
      'turn of the event loop; or apart, with a turn between.',
    linesOf(setups, (setup, kind) => {
      const thousands = figuresOf(rows, setup.name, kind, 'perCpuSecond').map((it) => it / 1000);
      const ratios = ratiosOf(rows, setup.name, kind, 'perCpuSecond');
      const atLeast = TARGETS[setup.title]?.[kind];
      return { deliveries: spread(thousands, 0), ...line(ratios, { atLeast }) };
    }),
  );
  print(
    'Ours as a ratio to better-sse.',
    linesOf(
      setups.filter(({ title }) => title === 'bursts of 16').map((it) => ({ ...it, kinds: OURS })),
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
 * The server's processor time is what counts. Deliveries in a second of the clock would be the same
 * thing on a machine with nothing else to do; on any other they tell what else it does, and where the
 * subscribers are slower than the server, they tell about the subscribers.
 */
function measure(kind, setup) {
  const { subscribers, events } = setup;
  return withServer(kind, async ({ server, client, url }) => {
    await ask(client, { do: 'connect', url, subscribers });
    await deliver(server, client, { ...setup, events: events / 2 });
    const before = await ask(server, { do: 'cpu' });
    const begun = performance.now();
    await deliver(server, client, setup);
    const seconds = (performance.now() - begun) / 1000;
    const after = await ask(server, { do: 'cpu' });
    const deliveries = subscribers * events;
    return {
      perCpuSecond: (deliveries * 1000) / (after.cpuMs - before.cpuMs),
      perSecond: deliveries / seconds,
    };
  });
}

async function deliver(server, client, { events, onTheirWay, burst, isApart }) {
  for (let sent = 0; sent < events; sent += onTheirWay) {
    // oxlint-disable-next-line no-await-in-loop -- that is the pace
    await Promise.all([
      ask(client, { do: 'receive', events: onTheirWay }),
      ask(server, { do: 'emit', events: onTheirWay, burst, everyMs: 0, isApart }),
    ]);
  }
}
