// What one delivered event costs, and how long it takes, from the agent's message to the subscriber's
// bytes, beside raw node:http with the same frames in the same run. Speed counts as a ratio: the
// machine's own noise is in every absolute figure.
import { ask, start } from '../children.mjs';
import { save, spread } from '../figures.mjs';

const SERVERS = ['raw', 'express', 'fastify'];
const FIGURES = ['cpuUsPerDelivery', 'p50Ms', 'p99Ms'];

export async function benchFanout(isBrief) {
  const repetitions = isBrief ? 1 : 5;
  const subscribers = isBrief ? 10 : 100;
  const cases = [
    { name: 'single events', subscribers, events: isBrief ? 50 : 500, burst: 1, everyMs: 5 },
    { name: 'bursts of 16', subscribers, events: isBrief ? 160 : 4000, burst: 16, everyMs: 5 },
  ];
  const rows = [];
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    for (const setup of cases) {
      for (const server of SERVERS) {
        const figures = await measure(server, setup);
        rows.push({ repetition, case: setup.name, server, ...figures });
      }
    }
  }
  console.log(`Fan-out: ${repetitions} repetition(s); median (min-max). Node ${process.version}`);
  console.table(cases.flatMap(({ name }) => SERVERS.map((server) => summary(rows, name, server))));
  save('fanout', { cases, rows });
}

async function measure(kind, { subscribers, events, burst, everyMs }) {
  const server = start(new URL('server.mjs', import.meta.url), [kind]);
  const clients = start(new URL('subscribers.mjs', import.meta.url));
  try {
    const { url, path } = await ask(server, { do: 'listen' });
    await ask(clients, { do: 'connect', url: url + path, subscribers });
    const emitted = ask(server, { do: 'emit', events, burst, everyMs });
    const received = await ask(clients, { do: 'receive', events });
    const { cpuMs } = await emitted;
    return {
      cpuUsPerDelivery: (cpuMs * 1000) / (subscribers * events),
      p50Ms: received.p50Ms,
      p99Ms: received.p99Ms,
    };
  } finally {
    server.kill();
    clients.kill();
  }
}

function summary(rows, name, server) {
  const own = rows.filter((row) => row.case === name && row.server === server);
  const line = { case: name, server };
  for (const figure of FIGURES) {
    line[figure] = spread(own.map((row) => row[figure]));
    line[`${figure} / raw`] = spread(own.map((row) => row[figure] / raw(rows, row)[figure]));
  }
  return line;
}

function raw(rows, { repetition, case: name }) {
  return rows.find(
    (row) => row.repetition === repetition && row.case === name && row.server === 'raw',
  );
}
