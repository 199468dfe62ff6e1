// Measures the cost of subscribers that have stopped reading, and whether they delay the others.
import { connect } from 'node:net';
import { once } from 'node:events';
import { ask, start } from '../children.mjs';
import { save, spread } from '../figures.mjs';
import { countSteps } from '../progress.mjs';

const FULL = { repetitions: 3, stuck: 200, readers: 20, events: 40_000, burst: 16, everyMs: 2 };
const BRIEF = { repetitions: 1, stuck: 10, readers: 2, events: 1600, burst: 16, everyMs: 2 };

const LINES = [
  ['kB of heap and buffers per stuck subscriber', 'kbPerStuck', 1],
  ['kB sent to each subscriber', 'kbUnread', 0],
  ['p99 ms of the reading subscribers, with stuck ones', 'p99Ms', 1],
  ['p99 ms of the reading subscribers, without stuck ones', 'p99AloneMs', 1],
  ['p99 ratio, with / without', 'p99Ratio', 2],
];

export async function benchStuck(isBrief) {
  const setup = isBrief ? BRIEF : FULL;
  const rows = [];
  const begin = countSteps(setup.repetitions * 2);
  for (let repetition = 0; repetition < setup.repetitions; repetition += 1) {
    /* oxlint-disable no-await-in-loop -- measurements at the same time would disturb each other */
    begin(`${setup.readers} reading subscribers`);
    const alone = await measure({ ...setup, stuck: 0 });
    begin(`${setup.readers} reading subscribers, ${setup.stuck} stuck`);
    const beside = await measure(setup);
    /* oxlint-enable no-await-in-loop */
    rows.push({
      kbPerStuck: (beside.grownBytes - alone.grownBytes) / setup.stuck / 1000,
      kbUnread: beside.streamBytes / 1000,
      p99Ms: beside.p99Ms,
      p99AloneMs: alone.p99Ms,
      p99Ratio: beside.p99Ms / alone.p99Ms,
    });
  }
  console.log(
    `Stuck: ${setup.stuck} subscribers that never read, and ${setup.readers} that do. ` +
      `${setup.repetitions} repetition(s); median (min-max). Node ${process.version}`,
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
  save('stuck', { setup, rows });
}

async function measure({ stuck, readers, events, burst, everyMs }) {
  const server = start(new URL('../fanout/server.mjs', import.meta.url), ['express']);
  const clients = start(new URL('../fanout/subscribers.mjs', import.meta.url));
  const sockets = [];
  try {
    const { url, path } = await ask(server, { do: 'listen' });
    await ask(clients, { do: 'connect', url: url + path, subscribers: readers });
    const before = await ask(server, { do: 'memory' });
    for (let index = 0; index < stuck; index += 1) {
      // oxlint-disable-next-line no-await-in-loop -- more at the same time would exceed the listen backlog
      sockets.push(await neverRead(new URL(path, url)));
    }
    const emitted = ask(server, { do: 'emit', events, burst, everyMs });
    const { p99Ms } = await ask(clients, { do: 'receive', events });
    await emitted;
    const after = await ask(server, { do: 'memory' });
    return { p99Ms, grownBytes: after.bytes - before.bytes, streamBytes: events * 150 };
  } finally {
    for (const socket of sockets) socket.destroy();
    server.kill();
    clients.kill();
  }
}

/** Opens a stream, and never reads from its socket. */
async function neverRead({ hostname, port, pathname, host }) {
  const socket = connect({ host: hostname, port: Number(port) });
  socket.pause();
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  return socket;
}
