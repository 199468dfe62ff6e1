// Measures many sessions that stream at the same time, each to a few subscribers: whether the server keeps up,
// and the cost of one delivery. The same run measures one session that streams to many subscribers, and raw
// node:http with both. The agents run in the server's process. Their cost at the same rate is measured
// separately and subtracted.
import { setTimeout as delay } from 'node:timers/promises';
import { ask, nextMessage, start } from '../children.mjs';
import { save } from '../figures.mjs';
import { SERVERS } from '../fanout/comparison.mjs';
import { countSteps } from '../progress.mjs';
import { line, print } from '../targets.mjs';

const FULL = {
  servers: ['express', 'fastify', 'raw'],
  repetitions: 3,
  sessions: 300,
  subscribers: 2,
  eventsPerSecond: 50,
  warmUpMs: 3000,
  measuredMs: 6000,
};
const BRIEF = {
  servers: ['express'],
  repetitions: 1,
  sessions: 30,
  subscribers: 2,
  eventsPerSecond: 50,
  warmUpMs: 300,
  measuredMs: 700,
};
/** One session that streams to many subscribers, as in the fan-out benchmark. */
const FAN_OUT = { sessions: 1, subscribers: 100, eventsPerSecond: 200 };
/** Shares of the rate that are tried in turn if the machine does not keep up. */
const LOWER_RATES = [0.8, 0.6, 0.4, 0.2, 0.1];
/** How long after the end the last delivery may take if the server keeps up. */
const KEPT_UP_MS = 1000;
const TIMEOUT_MS = 20_000;

export async function benchStreaming(isBrief) {
  const setup = isBrief ? BRIEF : FULL;
  const rows = [];
  const begin = countSteps(setup.repetitions * setup.servers.length * MEASUREMENTS);
  for (let repetition = 0; repetition < setup.repetitions; repetition += 1) {
    const row = {};
    for (const server of setup.servers) {
      // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
      row[server] = await compare({ ...setup, server }, begin);
    }
    rows.push(row);
  }
  const isKeptUp = rows.every((row) => Object.values(row).every((figures) => figures.isKeptUp));
  const lower = isKeptUp ? [] : await findSustainedRate({ ...setup, server: 'express' });
  show(setup, rows, lower);
  save('streaming', { setup, rows, lower });
}

/** The number of measurements in {@link compare}. */
const MEASUREMENTS = 5;

/** Compares many sessions with one that streams to many subscribers. */
async function compare(setup, begin) {
  const { server } = setup;
  begin(`${SERVERS[server]}, many sessions`);
  const many = await measure(setup);
  begin(`${SERVERS[server]}, one session with many subscribers`);
  const one = await measure({ ...setup, ...FAN_OUT });
  begin(`${SERVERS[server]}, many sessions without subscribers`);
  const withoutSubscribers = await measure({ ...setup, subscribers: 0 });
  begin('the agents of many sessions alone');
  const manyAgents = await measure({ ...setup, server: 'agents', subscribers: 0 });
  begin('the agent of one session alone');
  const oneAgent = await measure({ ...setup, ...FAN_OUT, server: 'agents', subscribers: 0 });
  const manyUs = many.cpuUsPerDelivery - manyAgents.cpuUsPerEvent / setup.subscribers;
  const oneUs = one.cpuUsPerDelivery - oneAgent.cpuUsPerEvent / FAN_OUT.subscribers;
  const eventUs = withoutSubscribers.cpuUsPerEvent - manyAgents.cpuUsPerEvent;
  return { ...many, manyUs, oneUs, manyByOne: manyUs / oneUs, eventUs };
}

/** Tries lower rates until the machine keeps up. */
async function findSustainedRate(setup) {
  const attempts = [];
  const begin = countSteps(LOWER_RATES.length);
  for (const share of LOWER_RATES) {
    begin(`${SERVERS[setup.server]}, ${share} of the rate, because the machine did not keep up`);
    const eventsPerSecond = setup.eventsPerSecond * share;
    // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
    attempts.push({ eventsPerSecond, ...(await measure({ ...setup, eventsPerSecond })) });
    if (attempts.at(-1).isKeptUp) break;
  }
  return attempts;
}

async function measure(setup) {
  const { subscribers, warmUpMs } = setup;
  const server = start(new URL('server.mjs', import.meta.url), [JSON.stringify(setup)]);
  const clients = start(new URL('subscribers.mjs', import.meta.url));
  try {
    const opened = await nextMessage(server);
    await ask(clients, { do: 'connect', subscribers, ...opened });
    await ask(server, { do: 'start' });
    await delay(warmUpMs);
    await ask(clients, { do: 'measure' });
    const figures = await ask(server, { do: 'measure' });
    const events = figures.emittedInTotal * subscribers;
    const received = await ask(clients, { do: 'receive', events, withinMs: TIMEOUT_MS });
    const { missing, disconnected, drainMs } = received;
    const isKeptUp =
      received.received === events && missing + disconnected === 0 && drainMs <= KEPT_UP_MS;
    const delivered = figures.emitted * subscribers;
    return {
      ...figures,
      ...received,
      isKeptUp: Number(isKeptUp),
      cpuUsPerEvent: (figures.cpuMs * 1000) / figures.emitted,
      cpuUsPerDelivery: (figures.cpuMs * 1000) / delivered,
      clientUsPerDelivery: (received.clientCpuMs * 1000) / delivered,
    };
  } finally {
    server.kill();
    clients.kill();
  }
}

function show(setup, rows, lower) {
  const { servers, sessions, subscribers, eventsPerSecond, repetitions } = setup;
  const figures = (server, figure) => rows.map((row) => row[server][figure]);
  const lines = servers.flatMap((server) => {
    const of = (title, figure, target) => [
      `${title}, ${SERVERS[server]}`,
      line(figures(server, figure), target),
    ];
    return [
      of('kept up (1: yes, 0: no)', 'isKeptUp', { atLeast: 1, digits: 0 }),
      of('from due to received, p50 ms', 'p50Ms'),
      of('from due to received, p99 ms', 'p99Ms'),
      of('event loop delay, p99 ms', 'loopDelayP99Ms'),
      of(`CPU µs per delivery, ${sessions} sessions to ${subscribers}`, 'manyUs'),
      of(`CPU µs per delivery, one session to ${FAN_OUT.subscribers}`, 'oneUs'),
      of(
        'CPU µs per delivery, ratio of the two',
        'manyByOne',
        server === 'raw' ? {} : { atMost: 2 },
      ),
      of('CPU µs per event without a subscriber', 'eventUs'),
    ];
  });
  print(
    `Streaming: ${sessions} sessions with ${eventsPerSecond} events/s each, ` +
      `${subscribers} subscribers each. ${repetitions} repetition(s).`,
    lines,
  );
  if (lower.length === 0) return;
  console.log('This machine did not keep up. Lower rates:');
  console.table(
    lower.map((row) => ({
      'events/s each': row.eventsPerSecond,
      'kept up': row.isKeptUp,
      'p99 ms': row.p99Ms.toFixed(1),
    })),
  );
}
