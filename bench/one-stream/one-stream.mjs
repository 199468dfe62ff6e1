// Compares the stream of all sessions with a stream of each one: the server's processor time for one delivered event, and
// its memory for one client. The processor time includes the agents, which run in the server's process, and the log. The same run
// measures these without a client.
import { setTimeout as delay } from 'node:timers/promises';
import { ask, nextMessage, start } from '../children.mjs';
import { save } from '../figures.mjs';
import { countSteps } from '../progress.mjs';
import { line, print } from '../targets.mjs';

const FULL = {
  servers: ['express', 'fastify'],
  repetitions: 3,
  sessions: 200,
  clients: 10,
  idleClients: 20,
  eventsPerSecond: 5,
  warmUpMs: 2000,
  measuredMs: 6000,
};
const BRIEF = {
  ...FULL,
  servers: ['express'],
  repetitions: 1,
  sessions: 20,
  clients: 2,
  idleClients: 2,
  warmUpMs: 300,
  measuredMs: 700,
};
const KINDS = { one: 'one stream', each: 'a stream of each' };
/** How long the last delivery may take. */
const TIMEOUT_MS = 20_000;

export async function benchOneStream(isBrief) {
  const setup = isBrief ? BRIEF : FULL;
  const rows = [];
  const begin = countSteps(setup.repetitions * setup.servers.length * 5);
  for (let repetition = 0; repetition < setup.repetitions; repetition += 1) {
    const row = {};
    for (const server of setup.servers) {
      // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
      row[server] = await compare({ ...setup, server }, begin);
    }
    rows.push(row);
  }
  show(setup, rows);
  save('one-stream', { setup, rows });
}

async function compare(setup, begin) {
  begin(`${setup.server}, sessions without a client`);
  const alone = await measureEvents({ ...setup, kind: 'one', clients: 0 });
  const figures = {};
  for (const [kind, title] of Object.entries(KINDS)) {
    begin(`${setup.server}, events, ${title}`);
    // oxlint-disable-next-line no-await-in-loop -- as above
    const events = await measureEvents({ ...setup, kind });
    begin(`${setup.server}, idle clients, ${title}`);
    // oxlint-disable-next-line no-await-in-loop -- as above
    const memory = await measureMemory({ ...setup, kind });
    const deliveryUs = events.cpuUsPerEvent / setup.clients;
    figures[kind] = { ...events, ...memory, deliveryUs };
  }
  const { one, each } = figures;
  return {
    one,
    each,
    aloneUs: alone.cpuUsPerEvent,
    cpuRatio: one.deliveryUs / each.deliveryUs,
    memoryRatio: one.kbPerClient / each.kbPerClient,
  };
}

async function measureEvents(setup) {
  return withServer(setup, async (server, clients, opened) => {
    await ask(clients, { do: 'connect', ...setup, ...opened });
    await ask(server, { do: 'start' });
    await delay(setup.warmUpMs);
    await ask(clients, { do: 'measure' });
    const figures = await ask(server, { do: 'measure' });
    const events = figures.emittedInTotal * setup.clients;
    const received = await ask(clients, { do: 'receive', events, withinMs: TIMEOUT_MS });
    if (received.received !== events || received.disconnected > 0) {
      throw new Error(
        `${received.received} of ${events} events arrived, ${received.disconnected} streams were closed.`,
      );
    }
    return {
      cpuUsPerEvent: (figures.cpuMs * 1000) / figures.emitted,
      clientUsPerDelivery: (received.clientCpuMs * 1000) / events,
    };
  });
}

/** Measures the growth after a first client, which has a part of the one-time costs. */
function measureMemory(setup) {
  return withServer(setup, async (server, clients, opened) => {
    const connect = (count) => ask(clients, { do: 'connect', ...setup, ...opened, clients: count });
    await connect(1);
    const before = await ask(server, { do: 'memory' });
    await connect(setup.idleClients);
    const after = await ask(server, { do: 'memory' });
    return { kbPerClient: (after.bytes - before.bytes) / setup.idleClients / 1000 };
  });
}

async function withServer(setup, run) {
  const server = start(new URL('../streaming/server.mjs', import.meta.url), [
    JSON.stringify(setup),
  ]);
  const clients = start(new URL('clients.mjs', import.meta.url));
  try {
    return await run(server, clients, await nextMessage(server));
  } finally {
    server.kill();
    clients.kill();
  }
}

function show({ servers, sessions, clients, eventsPerSecond, repetitions }, rows) {
  const lines = servers.flatMap((server) => {
    const figures = (read) => rows.map((row) => read(row[server]));
    return [
      ...Object.entries(KINDS).flatMap(([kind, title]) => [
        [`CPU µs per delivery, ${title}, ${server}`, line(figures((row) => row[kind].deliveryUs))],
        [
          `CPU µs of the client per delivery, ${title}, ${server}`,
          line(figures((row) => row[kind].clientUsPerDelivery)),
        ],
        [
          `kB of heap and buffers per client, ${title}, ${server}`,
          line(
            figures((row) => row[kind].kbPerClient),
            { digits: 0 },
          ),
        ],
      ]),
      [`CPU µs per event without a client, ${server}`, line(figures((row) => row.aloneUs))],
      [
        `CPU per delivery, ratio to a stream of each, ${server}`,
        line(
          figures((row) => row.cpuRatio),
          { atMost: 1 },
        ),
      ],
      [
        `memory per client, ratio to a stream of each, ${server}`,
        line(
          figures((row) => row.memoryRatio),
          { atMost: 0.5 },
        ),
      ],
    ];
  });
  print(
    `One stream: ${sessions} sessions with ${eventsPerSecond} events/s each, ${clients} clients that follow all. ` +
      `${repetitions} repetition(s).`,
    lines,
  );
}
