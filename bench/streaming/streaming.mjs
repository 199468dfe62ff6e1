// Many sessions that stream at once, each to a few subscribers: whether the server keeps up, and what
// one delivered event costs. Beside it, in the same run, one session that streams to many, and raw
// node:http with both. The agents are played in the server's process; what they take alone, at the
// same rate, is measured, too, and left out of what a delivery costs.
import { setTimeout as delay } from 'node:timers/promises';
import { ask, said, start } from '../children.mjs';
import { save } from '../figures.mjs';
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
/** One session that streams to many, as the fan-out benchmark has it. */
const FAN_OUT = { sessions: 1, subscribers: 100, eventsPerSecond: 200 };
/** Tried one after the other where the machine does not keep up, as shares of the rate. */
const LESS = [0.8, 0.6, 0.4, 0.2, 0.1];
/** A delivery that is later than this means that the server did not keep up. */
const KEPT_UP_MS = 1000;
const GIVEN_UP_MS = 20_000;

export async function benchStreaming(isBrief) {
  const setup = isBrief ? BRIEF : FULL;
  const rows = [];
  const begin = countSteps(setup.repetitions * setup.servers.length * MEASUREMENTS);
  for (let repetition = 0; repetition < setup.repetitions; repetition += 1) {
    const row = {};
    for (const server of setup.servers) {
      // oxlint-disable-next-line no-await-in-loop -- side by side they would measure each other
      row[server] = await compare({ ...setup, server }, begin);
    }
    rows.push(row);
  }
  const isKeptUp = rows.every((row) => Object.values(row).every((figures) => figures.isKeptUp));
  const less = isKeptUp ? [] : await findKeptUp({ ...setup, server: 'express' });
  show(setup, rows, less);
  save('streaming', { setup, rows, less });
}

/** How many times {@link compare} measures. */
const MEASUREMENTS = 5;

/** Many sessions beside one that streams to many. */
async function compare(setup, begin) {
  const { server } = setup;
  begin(`${server}, many sessions`);
  const many = await measure(setup);
  begin(`${server}, one session with many subscribers`);
  const one = await measure({ ...setup, ...FAN_OUT });
  begin(`${server}, many sessions without subscribers`);
  const unfollowed = await measure({ ...setup, subscribers: 0 });
  begin('the agents of many sessions alone');
  const manyAgents = await measure({ ...setup, server: 'agents', subscribers: 0 });
  begin('the agent of one session alone');
  const oneAgent = await measure({ ...setup, ...FAN_OUT, server: 'agents', subscribers: 0 });
  const manyUs = many.cpuUsPerDelivery - manyAgents.cpuUsPerEvent / setup.subscribers;
  const oneUs = one.cpuUsPerDelivery - oneAgent.cpuUsPerEvent / FAN_OUT.subscribers;
  const eventUs = unfollowed.cpuUsPerEvent - manyAgents.cpuUsPerEvent;
  return { ...many, manyUs, oneUs, manyByOne: manyUs / oneUs, eventUs };
}

/** Tries lower rates until the machine keeps up. */
async function findKeptUp(setup) {
  const tried = [];
  const begin = countSteps(LESS.length);
  for (const share of LESS) {
    begin(`${setup.server}, ${share} of the rate, because the machine did not keep up`);
    const eventsPerSecond = setup.eventsPerSecond * share;
    // oxlint-disable-next-line no-await-in-loop -- side by side they would measure each other
    tried.push({ eventsPerSecond, ...(await measure({ ...setup, eventsPerSecond })) });
    if (tried.at(-1).isKeptUp) break;
  }
  return tried;
}

async function measure(setup) {
  const { subscribers, warmUpMs } = setup;
  const server = start(new URL('server.mjs', import.meta.url), [JSON.stringify(setup)]);
  const clients = start(new URL('subscribers.mjs', import.meta.url));
  try {
    const opened = await said(server);
    await ask(clients, { do: 'connect', subscribers, ...opened });
    await ask(server, { do: 'speak' });
    await delay(warmUpMs);
    await ask(clients, { do: 'measure' });
    const figures = await ask(server, { do: 'measure' });
    const events = figures.saidInAll * subscribers;
    const received = await ask(clients, { do: 'receive', events, withinMs: GIVEN_UP_MS });
    const { missing, disconnected, drainMs } = received;
    const isKeptUp =
      received.received === events && missing + disconnected === 0 && drainMs <= KEPT_UP_MS;
    const delivered = figures.said * subscribers;
    return {
      ...figures,
      ...received,
      isKeptUp: Number(isKeptUp),
      cpuUsPerEvent: (figures.cpuMs * 1000) / figures.said,
      cpuUsPerDelivery: (figures.cpuMs * 1000) / delivered,
      clientUsPerDelivery: (received.clientCpuMs * 1000) / delivered,
    };
  } finally {
    server.kill();
    clients.kill();
  }
}

function show(setup, rows, less) {
  const { servers, sessions, subscribers, eventsPerSecond, repetitions } = setup;
  const figures = (server, figure) => rows.map((row) => row[server][figure]);
  const lines = servers.flatMap((server) => {
    const of = (title, figure, target) => [
      `${server}: ${title}`,
      line(figures(server, figure), target),
    ];
    return [
      of('kept up, 1 is yes', 'isKeptUp', { atLeast: 1, digits: 0 }),
      of('from due to received, p50 ms', 'p50Ms'),
      of('from due to received, p99 ms', 'p99Ms'),
      of('event loop delay, p99 ms', 'loopDelayP99Ms'),
      of('CPU µs per delivery, many sessions', 'manyUs'),
      of('CPU µs per delivery, one session', 'oneUs'),
      of('many / one', 'manyByOne', server === 'raw' ? {} : { atMost: 2 }),
      of('CPU µs per event without a subscriber', 'eventUs'),
    ];
  });
  print(
    `Streaming: ${sessions} sessions with ${eventsPerSecond} events/s each, ` +
      `${subscribers} subscribers to each. ${repetitions} repetition(s).`,
    lines,
  );
  if (less.length === 0) return;
  console.log('This machine did not keep up. Less was tried:');
  console.table(
    less.map((row) => ({
      'events/s each': row.eventsPerSecond,
      'kept up': row.isKeptUp,
      'p99 ms': row.p99Ms.toFixed(1),
    })),
  );
}
