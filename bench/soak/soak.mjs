// Detects memory growth. Rounds of sessions are created, subscribed to, sent messages and replies, disconnected,
// interrupted, left to become dormant, resumed and deleted. The memory after each round is compared with the
// memory after a warm-up of the same work.
import { setTimeout as delay } from 'node:timers/promises';
import { ask, nextMessage, start } from '../children.mjs';
import { save } from '../figures.mjs';
import { HttpClient } from '../http-client.mjs';
import { countSteps } from '../progress.mjs';
import { findStorages, storages } from '../storage/storages.mjs';
import { RECONNECTS, runLifecycle, TURNS } from './lifecycle.mjs';

const KINDS = ['memory', 'sqlite'];
/** The warm-up runs more than 1,000 sessions: the number of conversations that the scripted agent remembers. */
const FULL = {
  warmUps: 3,
  rounds: 8,
  sessions: 400,
  atATime: 40,
  counted: ['sessions', 'agents', 'timers'],
  withinMs: 55_000,
};
const BRIEF = {
  warmUps: 1,
  rounds: 2,
  sessions: 20,
  atATime: 20,
  counted: ['sessions'],
  withinMs: 4000,
};
const OWNERS = 50;

export async function benchSoak(isBrief) {
  const setup = isBrief ? BRIEF : FULL;
  const names = await findStorages();
  const results = {};
  for (const kind of KINDS) {
    // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
    results[kind] = await measure(kind, names[kind], setup);
    print(names[kind], setup, results[kind]);
  }
  save('soak', { setup, storages: results });
}

async function measure(kind, name, setup) {
  const { place, remove } = await storages[kind].prepare();
  const server = start(new URL('server.mjs', import.meta.url), [JSON.stringify({ kind, place })]);
  const ended = new Promise((resolve) => void server.once('exit', resolve));
  try {
    const { url } = await nextMessage(server);
    return await runRounds(server, url, name, setup);
  } finally {
    if (server.connected) server.send({ do: 'close' });
    await Promise.race([ended, delay(5000, undefined, { ref: false })]);
    server.kill();
    await ended;
    await remove();
  }
}

/** Measures the resources after the warm-up and after each round, and the number of objects before and after. */
async function runRounds(server, url, name, setup) {
  const { warmUps, rounds, sessions, atATime, counted, withinMs } = setup;
  const begin = countSteps(warmUps + rounds);
  const startedAt = performance.now();
  for (let round = 0; round < warmUps; round += 1) {
    begin(`${name}, warm-up`);
    // oxlint-disable-next-line no-await-in-loop -- in sequence
    await runRound(url, sessions, atATime);
  }
  const before = await ask(server, { do: 'count', kinds: counted });
  const left = [await ask(server, { do: 'figures' })];
  while (left.length <= rounds && performance.now() - startedAt < withinMs) {
    begin(`${name}, round ${left.length} of at most ${rounds}`);
    /* oxlint-disable no-await-in-loop -- in sequence */
    await runRound(url, sessions, atATime);
    left.push(await ask(server, { do: 'figures' }));
    /* oxlint-enable no-await-in-loop */
  }
  return { left, before, after: await ask(server, { do: 'count', kinds: counted }) };
}

async function runRound(url, sessions, atATime) {
  const client = new HttpClient(url);
  const queue = [...Array(sessions).keys()];
  const work = async () => {
    for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
      // oxlint-disable-next-line no-await-in-loop -- each worker runs one session at a time
      await runLifecycle(client, `user-${index % OWNERS}`, index);
    }
  };
  try {
    await Promise.all(Array.from({ length: atATime }, work));
  } finally {
    client.close();
  }
}

function print(name, { warmUps, sessions }, { left, before, after }) {
  const rounds = left.length - 1;
  const total = rounds * sessions;
  console.log(
    `Soak: ${name}. ${rounds} rounds of ${sessions} sessions, after a warm-up of ${warmUps}: ` +
      `${total} sessions, ${total * TURNS} turns, ${total * RECONNECTS} reconnects. ` +
      `Node ${process.version}`,
  );
  const table = left.map((figures, round) => [
    round === 0 ? 'after the warm-up' : `round ${round}`,
    lineOf(figures),
  ]);
  console.table(Object.fromEntries(table));
  console.log('After compiled code and everything else that can be created again was discarded:');
  console.table({ 'after the warm-up': columnsOf(before), 'at the end': columnsOf(after) });
  const grownBytes = after.heapBytes - before.heapBytes;
  console.log(
    `Heap, end / after the warm-up: ${(after.heapBytes / before.heapBytes).toFixed(3)}. ` +
      `Growth per session: ${(grownBytes / total).toFixed(0)} bytes.`,
  );
}

function columnsOf({ heapBytes, counts }) {
  return { 'heap, MB': Number((heapBytes / 1e6).toFixed(2)), ...counts };
}

function lineOf({ heapBytes, codeBytes, bufferBytes, residentBytes, resources }) {
  return {
    'heap, MB': Number((heapBytes / 1e6).toFixed(2)),
    'of which compiled code, MB': Number((codeBytes / 1e6).toFixed(2)),
    'buffers, MB': Number((bufferBytes / 1e6).toFixed(2)),
    'resident, MB': Number((residentBytes / 1e6).toFixed(0)),
    'active resources': Object.entries(resources)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', '),
  };
}
