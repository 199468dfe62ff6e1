// What subscribers cost that stopped reading for good, and whether they hold up those who read.
import { connect } from 'node:net';
import { once } from 'node:events';
import { ask, start } from '../children.mjs';
import { save, spread } from '../figures.mjs';
import { countSteps } from '../progress.mjs';

const FULL = { repetitions: 3, stuck: 200, readers: 20, events: 40_000, burst: 16, everyMs: 2 };
const BRIEF = { repetitions: 1, stuck: 10, readers: 2, events: 1600, burst: 16, everyMs: 2 };

const LINES = [
  ['kB of heap and buffers for each that is stuck', 'kbPerStuck', 1],
  ['kB that it has not read', 'kbUnread', 0],
  ['p99 ms of those who read, with the stuck ones', 'p99Ms', 1],
  ['p99 ms of those who read, without', 'p99AloneMs', 1],
  ['with / without', 'p99Ratio', 2],
];

export async function benchStuck(isBrief) {
  const setup = isBrief ? BRIEF : FULL;
  const rows = [];
  const begin = countSteps(setup.repetitions * 2);
  for (let repetition = 0; repetition < setup.repetitions; repetition += 1) {
    /* oxlint-disable no-await-in-loop -- side by side they would measure each other */
    begin(`${setup.readers} subscribers that read, alone`);
    const alone = await measure({ ...setup, stuck: 0 });
    begin(`${setup.readers} subscribers that read, beside ${setup.stuck} that do not`);
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
    `Stuck: ${setup.stuck} subscribers that never read, beside ${setup.readers} that do. ` +
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
      // oxlint-disable-next-line no-await-in-loop -- a crowd at once would be refused by the backlog
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

/** A client that asks for the stream and takes nothing of the answer. */
async function neverRead({ hostname, port, pathname, host }) {
  const socket = connect({ host: hostname, port: Number(port) });
  socket.pause();
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  return socket;
}
