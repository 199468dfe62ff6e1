// One server under measurement, told what to do by its parent. Every event carries the time at which
// the agent said it, so that a subscriber in another process can tell how long it took.
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// Each is loaded alone: what the others bring is not in its memory.
const open = {
  raw: async (options) => (await import('./servers/raw.mjs')).openRaw(options),
  nest: async (options) => (await import('./servers/nest.mjs')).openNest(options),
  'better-sse': async (options) =>
    (await import('./servers/better-sse.mjs')).openBetterSse(options),
  '@fastify/sse': async (options) =>
    (await import('./servers/fastify-sse.mjs')).openFastifySse(options),
  'never-express': async () => (await import('./servers/never.mjs')).openNever('express'),
  'never-fastify': async () => (await import('./servers/never.mjs')).openNever('fastify'),
  express: async () => (await import('./servers/ours.mjs')).openOurs('express'),
  fastify: async () => (await import('./servers/ours.mjs')).openOurs('fastify'),
};
const [kind, keeps] = process.argv.slice(2);
const server = await open[kind]({ keeps: keeps === 'keeps' });
const answers = {
  listen: () => ({ url: server.url, path: server.path }),
  emit,
  lastId: () => ({ lastId: server.lastId() }),
  cpu: () => ({ cpuMs: cpuMs() }),
  memory,
};

process.on('disconnect', () => process.exit());
process.on('message', (request) => void answer(request));

async function answer(request) {
  process.send(await answers[request.do](request));
}

/**
 * Emits events, `burst` of them in one turn of the event loop. Our server writes in the following turn,
 * together with the events of that turn. `isApart` leaves a turn in between.
 */
async function emit({ events, burst, everyMs, isApart = false }) {
  for (let sent = 0; sent < events; sent += burst) {
    for (let i = 0; i < burst; i += 1)
      server.say(`${process.hrtime.bigint()} some words of an answer`);
    /* oxlint-disable no-await-in-loop -- that is the pace */
    if (everyMs > 0) await delay(everyMs);
    else await nextTurn();
    if (isApart) await nextTurn();
    /* oxlint-enable no-await-in-loop */
  }
  return {};
}

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The memory in use after a collection, and the memory that the system provides for it. */
async function memory() {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  collect();
  await delay(100);
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { bytes: heapUsed + external, rssBytes: rss };
}
