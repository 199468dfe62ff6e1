// npm run bench [-- --brief]: what one delivered event costs, and how long it takes, from the agent's
// message to the subscriber's bytes, beside raw node:http with the same frames in the same run.
// Speed counts as a ratio: the machine's own noise is in every absolute figure.
import { fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const isBrief = process.argv.includes('--brief');
const repetitions = isBrief ? 1 : 5;
const servers = ['raw', 'express', 'fastify'];
const cases = [
  {
    name: 'single events',
    subscribers: isBrief ? 10 : 100,
    events: isBrief ? 50 : 500,
    burst: 1,
    everyMs: 5,
  },
  {
    name: 'bursts of 16',
    subscribers: isBrief ? 10 : 100,
    events: isBrief ? 160 : 4000,
    burst: 16,
    everyMs: 5,
  },
];

const rows = [];
for (let repetition = 0; repetition < repetitions; repetition += 1) {
  for (const setup of cases) {
    for (const server of servers)
      rows.push({ repetition, case: setup.name, server, ...(await measure(server, setup)) });
  }
}
print();

async function measure(kind, { subscribers, events, burst, everyMs }) {
  const server = start('server.mjs', [kind]);
  const clients = start('subscribers.mjs', []);
  try {
    const { url, path } = await answer(server, { do: 'listen' });
    await answer(clients, { do: 'connect', url: url + path, subscribers });
    const emitted = answer(server, { do: 'emit', events, burst, everyMs });
    const received = await answer(clients, { do: 'receive', events });
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

function start(file, args) {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args, { stdio: 'inherit' });
}

function answer(child, request) {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`A benchmark process ended (${code}).`)));
    child.send(request);
  });
}

function print() {
  const figures = ['cpuUsPerDelivery', 'p50Ms', 'p99Ms'];
  const table = [];
  for (const setup of cases) {
    for (const server of servers) {
      const own = rows.filter((row) => row.case === setup.name && row.server === server);
      const line = { case: setup.name, server };
      for (const figure of figures) {
        line[figure] = spread(own.map((row) => row[figure]));
        const ratios = own.map((row) => row[figure] / raw(row)[figure]);
        line[`${figure} / raw`] = spread(ratios);
      }
      table.push(line);
    }
  }
  console.log(`${repetitions} repetition(s); median (min-max). ${process.version}`);
  console.table(table);
  const file = new URL('results/fanout.json', import.meta.url);
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, JSON.stringify({ node: process.version, cases, rows }, null, 2));
  console.log('All figures: bench/results/fanout.json');
}

function raw({ repetition, case: name }) {
  return rows.find(
    (row) => row.repetition === repetition && row.case === name && row.server === 'raw',
  );
}

function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return `${show(sorted[sorted.length >> 1])} (${show(sorted[0])}-${show(sorted.at(-1))})`;
}

function show(value) {
  return value.toFixed(2);
}
