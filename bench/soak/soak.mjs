// Whether a server ends where it began: round after round of sessions that are created, followed,
// talked to, answered, cut off, interrupted, put to sleep, woken and deleted. What is in memory after
// each round is compared with what was there after a warm-up of the same work.
import { setTimeout as delay } from 'node:timers/promises';
import { ask, said, start } from '../children.mjs';
import { save } from '../figures.mjs';
import { HttpClient } from '../http-client.mjs';
import { countSteps } from '../progress.mjs';
import { findStorages, storages } from '../storage/storages.mjs';
import { live, RECONNECTS, TURNS } from './life.mjs';

const KINDS = ['memory', 'sqlite'];
/** The warm-up has more than a thousand: so many conversations the scripted agent remembers. */
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
    // oxlint-disable-next-line no-await-in-loop -- side by side they would measure each other
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
    const { url } = await said(server);
    return await playRounds(server, url, name, setup);
  } finally {
    if (server.connected) server.send({ do: 'close' });
    await Promise.race([ended, delay(5000, undefined, { ref: false })]);
    server.kill();
    await ended;
    await remove();
  }
}

/** Measures the resources after the warm-up and after each round, and the number of objects before and after. */
async function playRounds(server, url, name, setup) {
  const { warmUps, rounds, sessions, atATime, counted, withinMs } = setup;
  const begin = countSteps(warmUps + rounds);
  const beganAt = performance.now();
  for (let round = 0; round < warmUps; round += 1) {
    begin(`${name}, warm-up`);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await playRound(url, sessions, atATime);
  }
  const before = await ask(server, { do: 'count', kinds: counted });
  const left = [await ask(server, { do: 'figures' })];
  while (left.length <= rounds && performance.now() - beganAt < withinMs) {
    begin(`${name}, round ${left.length} of at most ${rounds}`);
    /* oxlint-disable no-await-in-loop -- one after the other */
    await playRound(url, sessions, atATime);
    left.push(await ask(server, { do: 'figures' }));
    /* oxlint-enable no-await-in-loop */
  }
  return { left, before, after: await ask(server, { do: 'count', kinds: counted }) };
}

async function playRound(url, sessions, atATime) {
  const client = new HttpClient(url);
  const waiting = [...Array(sessions).keys()];
  const work = async () => {
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, beside the others'
      await live(client, `user-${index % OWNERS}`, index);
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
  const played = rounds * sessions;
  console.log(
    `Soak: ${name}. ${rounds} rounds of ${sessions} sessions, after a warm-up of ${warmUps}: ` +
      `${played} sessions, ${played * TURNS} turns, ${played * RECONNECTS} reconnects. ` +
      `Node ${process.version}`,
  );
  const table = left.map((figures, round) => [
    round === 0 ? 'warmed up' : `round ${round}`,
    lineOf(figures),
  ]);
  console.table(Object.fromEntries(table));
  console.log('When all that can be made again is thrown away, compiled code, too:');
  console.table({ 'warmed up': thoroughly(before), 'at the end': thoroughly(after) });
  const grownBytes = after.heapBytes - before.heapBytes;
  console.log(
    `The heap, the end / the beginning: ${(after.heapBytes / before.heapBytes).toFixed(3)}, ` +
      `which is ${(grownBytes / played).toFixed(0)} bytes more per session.`,
  );
}

function thoroughly({ heapBytes, counts }) {
  return { 'heap, MB': Number((heapBytes / 1e6).toFixed(2)), ...counts };
}

function lineOf({ heapBytes, codeBytes, bufferBytes, residentBytes, resources }) {
  return {
    'heap, MB': Number((heapBytes / 1e6).toFixed(2)),
    'of it code, MB': Number((codeBytes / 1e6).toFixed(2)),
    'buffers, MB': Number((bufferBytes / 1e6).toFixed(2)),
    'resident, MB': Number((residentBytes / 1e6).toFixed(0)),
    'active resources': Object.entries(resources)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', '),
  };
}
