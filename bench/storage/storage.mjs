// Measures the cost of storing events: sessions that emit events at a constant rate, through the whole engine,
// on each storage in turn. The figures of the memory storage are the engine's own share. The time that the
// server waited for a processor, and the time the disk needs for a page, show how busy the machine was.
import { nextMessage, start } from '../children.mjs';
import { save, spread } from '../figures.mjs';
import { countSteps } from '../progress.mjs';
import { measureDisk } from './disk.mjs';
import { findStorages, storages } from './storages.mjs';

const FULL = {
  repetitions: 5,
  sessions: 200,
  eventsPerSecond: 50,
  staggerMs: 2000,
  warmUpMs: 10_000,
  measuredMs: 10_000,
  restMs: 1000,
  idleMs: 2000,
};
const BRIEF = {
  repetitions: 1,
  sessions: 20,
  eventsPerSecond: 50,
  staggerMs: 100,
  warmUpMs: 200,
  measuredMs: 500,
  restMs: 200,
  idleMs: 300,
};

const LINES = [
  ['events/s offered', 'offeredPerSecond', 0],
  ['events/s committed and received', 'committedPerSecond', 0],
  ['from agent to subscriber, p50 ms', 'lagP50Ms', 1],
  ['from agent to subscriber, p99 ms', 'lagP99Ms', 1],
  ['from the last emitted to all received, ms', 'drainMs', 0],
  ['event loop delay, p50 ms', 'loopDelayP50Ms', 1],
  ['event loop delay, p99 ms', 'loopDelayP99Ms', 1],
  ['event loop delay without waiting for a CPU, p99 ms', 'ownLoopDelayP99Ms', 1],
  ['main thread waiting for a CPU, % of the time', 'waitedForCpuPercent', 1],
  ['commits/s', 'commitsPerSecond', 0],
  ['CPU ms of the server per event', 'cpuMsPerEvent', 3],
  ['commits while idle', 'idleCommits', 0],
  ['bytes written while idle', 'idleWrittenBytes', 0],
];

export async function benchStorage(isBrief) {
  const setup = isBrief ? BRIEF : FULL;
  const names = await findStorages();
  const disk = [];
  const rows = [];
  const begin = countSteps(setup.repetitions * Object.keys(names).length);
  for (let repetition = 0; repetition < setup.repetitions; repetition += 1) {
    disk.push(measureDisk());
    for (const kind of Object.keys(names)) {
      begin(`${names[kind]}, repetition ${repetition + 1} of ${setup.repetitions}`);
      // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
      rows.push({ repetition, kind, ...(await measure(kind, setup)) });
    }
  }
  print(setup, names, disk, rows);
  save('storage', { setup, disk, rows });
}

async function measure(kind, setup) {
  const { place, remove } = await storages[kind].prepare();
  const request = JSON.stringify({ kind, place, setup });
  const server = start(new URL('server.mjs', import.meta.url), [request]);
  const ended = new Promise((resolve) => void server.once('exit', resolve));
  try {
    return await nextMessage(server);
  } finally {
    await ended;
    await remove();
  }
}

function print({ sessions, eventsPerSecond, repetitions }, names, disk, rows) {
  const p50 = spread(disk.map(({ p50Ms }) => p50Ms));
  const p99 = spread(disk.map(({ p99Ms }) => p99Ms));
  console.log(
    `Storage: ${sessions} sessions with ${eventsPerSecond} events/s each. ` +
      `${repetitions} repetition(s); median (min-max). Node ${process.version}\n` +
      `The disk writes a page in: p50 ${p50}, p99 ${p99} ms.`,
  );
  const table = LINES.map(([title, figure, digits]) => {
    const cells = Object.entries(names).map(([kind, name]) => {
      const own = rows.filter((row) => row.kind === kind);
      return [
        name,
        spread(
          own.map((row) => row[figure]),
          digits,
        ),
      ];
    });
    return [title, Object.fromEntries(cells)];
  });
  console.table(Object.fromEntries(table));
}
