// Many sessions that stream at once, each to a few subscribers: whether the server keeps up, and what
// one delivered event costs. Beside it, in the same run, one session that streams to many, and raw
// node:http with both. What an event costs that nobody follows is the session's own share.
import { setTimeout as delay } from 'node:timers/promises';
import { ask, said, start } from '../children.mjs';
import { save, spread } from '../figures.mjs';

const FULL = {
  server: 'ours',
  repetitions: 5,
  sessions: 300,
  subscribers: 2,
  eventsPerSecond: 50,
  warmUpMs: 3000,
  measuredMs: 6000,
};
const BRIEF = {
  server: 'ours',
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
/** What is later than this was not kept up with. */
const KEPT_UP_MS = 1000;
const GIVEN_UP_MS = 20_000;

const LINES = [
  ['events/s said', 'saidPerSecond', 0],
  ['kept up: 1 is yes', 'isKeptUp', 0],
  ['from the last said to all received, ms', 'drainMs', 0],
  ['events missed', 'missing', 0],
  ['subscribers disconnected', 'disconnected', 0],
  ['from due to received, p50 ms', 'p50Ms', 1],
  ['from due to received, p99 ms', 'p99Ms', 1],
  ['event loop delay, p99 ms', 'loopDelayP99Ms', 1],
  ["server's CPU, % of one", 'cpuPercent', 0],
  ['main thread waited for a CPU, % of the time', 'waitedForCpuPercent', 1],
  ["server's CPU µs per event delivered", 'cpuUsPerDelivery', 1],
  ['one session to 100 subscribers, the same', 'fanOutUs', 1],
  ['many sessions / one session', 'byFanOut', 2],
  ['raw node:http, many streams of few, the same', 'rawUs', 1],
  ['raw node:http, one stream to 100 subscribers, the same', 'rawFanOutUs', 1],
  ['raw: many streams / one stream', 'rawByRawFanOut', 2],
  ['many sessions / raw node:http', 'byRaw', 2],
  ['CPU µs per event that nobody follows', 'cpuUsPerEvent', 1],
  ["subscribers' CPU µs per event delivered", 'clientUsPerDelivery', 1],
];

export async function benchStreaming(isBrief) {
  const setup = isBrief ? BRIEF : FULL;
  const rows = [];
  for (let repetition = 0; repetition < setup.repetitions; repetition += 1) {
    /* oxlint-disable no-await-in-loop -- side by side they would measure each other */
    const fanOut = await measure({ ...setup, ...FAN_OUT });
    const rawFanOut = await measure({ ...setup, ...FAN_OUT, server: 'raw' });
    const raw = await measure({ ...setup, server: 'raw' });
    const unfollowed = await measure({ ...setup, subscribers: 0 });
    const streaming = await measure(setup);
    /* oxlint-enable no-await-in-loop */
    rows.push({
      ...streaming,
      fanOutUs: fanOut.cpuUsPerDelivery,
      byFanOut: streaming.cpuUsPerDelivery / fanOut.cpuUsPerDelivery,
      rawUs: raw.cpuUsPerDelivery,
      rawFanOutUs: rawFanOut.cpuUsPerDelivery,
      rawByRawFanOut: raw.cpuUsPerDelivery / rawFanOut.cpuUsPerDelivery,
      byRaw: streaming.cpuUsPerDelivery / raw.cpuUsPerDelivery,
      cpuUsPerEvent: unfollowed.cpuUsPerEvent,
    });
  }
  const less = rows.every(({ isKeptUp }) => isKeptUp) ? [] : await findKeptUp(setup);
  print(setup, rows, less);
  save('streaming', { setup, rows, less });
}

/** What is tried until the machine keeps up. */
async function findKeptUp(setup) {
  const tried = [];
  for (const share of LESS) {
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

function print({ sessions, subscribers, eventsPerSecond, repetitions }, rows, less) {
  console.log(
    `Streaming: ${sessions} sessions with ${eventsPerSecond} events/s each, ` +
      `${subscribers} subscribers to each. ` +
      `${repetitions} repetition(s); median (min-max). Node ${process.version}`,
  );
  const table = LINES.map(([title, figure, digits]) => [
    title,
    {
      measured: spread(
        rows.map((row) => row[figure]),
        digits,
      ),
    },
  ]);
  console.table(Object.fromEntries(table));
  if (less.length === 0) return;
  const columns = LINES.filter(([, figure]) => Object.hasOwn(less[0], figure));
  const tried = less.map((row) => [
    `${row.eventsPerSecond} events/s each`,
    Object.fromEntries(
      columns.map(([title, figure, digits]) => [title, row[figure]?.toFixed(digits) ?? '-']),
    ),
  ]);
  console.log('This machine did not keep up. Less was tried:');
  console.table(Object.fromEntries(tried));
}
