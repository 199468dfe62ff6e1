// Compares a server with a hundred thousand dormant sessions to one with ten: its memory, its start, a
// page of a listing, reading one session, and resuming one. Both servers run at the same time and
// receive requests in turn, so that other load on this machine affects both figures.
import { setTimeout as delay } from 'node:timers/promises';
import { ask, nextMessage, start } from '../children.mjs';
import { save, spread } from '../figures.mjs';
import { countSteps } from '../progress.mjs';
import { findStorages, storages } from '../storage/storages.mjs';
import { fill } from './fill.mjs';
import { measureRequests } from './requests.mjs';
import { useMany } from './use-many.mjs';

const FULL = {
  repetitions: 7,
  few: 10,
  many: 100_000,
  ofOne: 90_000,
  warmUps: 30,
  pages: 200,
  used: 2000,
  // An unused session is evicted from memory after one minute.
  maxEvictionMs: 90_000,
};
const BRIEF = {
  repetitions: 1,
  few: 10,
  many: 2000,
  ofOne: 1800,
  warmUps: 5,
  pages: 10,
  used: 100,
  maxEvictionMs: 0,
};

const LINES = [
  ['heap and buffers, MB', 'usedMb', 1],
  ['resident memory, MB', 'residentMb', 0],
  ['until the server listens, ms', 'openMs', 0],
  ['GET /sessions, first page, owner of 90 %, ms', 'firstPageMs', 2],
  ['GET /sessions, middle page, owner of 90 %, ms', 'middlePageMs', 2],
  ['GET /sessions, first page, owner of ten, ms', 'fewPageMs', 2],
  ['POST /sessions, owner of 90 %, ms', 'createMs', 2],
  ['POST /sessions, owner of ten, ms', 'createAsFewMs', 2],
  ['GET /sessions/:id, dormant, ms', 'getMs', 2],
  ['POST input, dormant: accepted, ms', 'acceptedMs', 2],
  ['POST input, dormant: turn_start received, ms', 'turnStartMs', 2],
  ['POST input, dormant: first delta received, ms', 'deltaMs', 2],
];

export async function benchDormant(isBrief) {
  const setup = isBrief ? BRIEF : FULL;
  const { memory: _, ...names } = await findStorages();
  const storageRows = {};
  for (const kind of Object.keys(names)) {
    // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
    storageRows[kind] = await measureStorage(kind, names[kind], setup);
    print(setup, names[kind], storageRows[kind]);
  }
  save('dormant', { setup, storages: storageRows });
}

async function measureStorage(kind, name, setup) {
  const begin = countSteps(setup.repetitions + 2);
  const big = await storages[kind].prepare();
  try {
    const startedAt = performance.now();
    begin(`${name}, storing ${setup.many} sessions`);
    const filled = await fill(kind, big.place, { sessions: setup.many, ofOne: setup.ofOne });
    const fillMs = performance.now() - startedAt;
    const rows = [];
    for (let repetition = 0; repetition < setup.repetitions; repetition += 1) {
      begin(`${name}, repetition ${repetition + 1} of ${setup.repetitions}`);
      // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
      rows.push(await measure(kind, setup, { ...big, ...filled }));
    }
    begin(`${name}, using ${setup.used} sessions once`);
    const used = await withServer(kind, big.place, (server) => useMany(server, setup));
    return { fillMs, rows, used };
  } finally {
    await big.remove();
  }
}

async function measure(kind, setup, big) {
  // A new storage for each repetition, because each one resumes most of its ten sessions.
  const small = await storages[kind].prepare();
  try {
    const filled = await fill(kind, small.place, { sessions: setup.few, ofOne: setup.few });
    return await withServer(kind, small.place, (few) =>
      withServer(kind, big.place, async (many) => {
        await measureRequests(
          [
            { ...few, ...filled },
            { ...many, ...big },
          ],
          setup,
        );
        return { few: await figuresOf(few), many: await figuresOf(many) };
      }),
    );
  } finally {
    await small.remove();
  }
}

async function figuresOf({ child, openMs, figures }) {
  const { heapBytes, bufferBytes, residentBytes } = await ask(child, { do: 'memory' });
  const usedMb = (heapBytes + bufferBytes) / 1e6;
  return { openMs, usedMb, residentMb: residentBytes / 1e6, ...figures };
}

/** @param use called with the server's process, its address, and an object for its figures */
async function withServer(kind, place, use) {
  const child = start(new URL('server.mjs', import.meta.url), [JSON.stringify({ kind, place })]);
  const ended = new Promise((resolve) => void child.once('exit', resolve));
  try {
    const { url, openMs } = await nextMessage(child);
    return await use({ child, url, openMs, figures: {} });
  } finally {
    if (child.connected) child.send({ do: 'close' });
    await Promise.race([ended, delay(5000, undefined, { ref: false })]);
    child.kill();
    await ended;
  }
}

function print(setup, name, { fillMs, rows, used }) {
  console.log(
    `Dormant: ${name}, ${setup.few} and ${setup.many} sessions stored ` +
      `(filled in ${(fillMs / 1000).toFixed(1)} s). ` +
      `${setup.repetitions} repetition(s); median (min-max). Node ${process.version}`,
  );
  const table = LINES.map(([title, figure, digits]) => [
    title,
    {
      [setup.few]: spread(
        rows.map(({ few }) => few[figure]),
        digits,
      ),
      [setup.many]: spread(
        rows.map(({ many }) => many[figure]),
        digits,
      ),
      ratio: spread(rows.map(({ few, many }) => many[figure] / few[figure])),
    },
  ]);
  console.table(Object.fromEntries(table));
  console.table(used);
}
