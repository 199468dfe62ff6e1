// One measured server, controlled by its parent process. Every event contains the time at which the agent
// emitted it, so that a subscriber in another process can compute its latency.
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// Only the measured server is loaded, so that the packages of the others are not in its memory.
const open = {
  raw: async (options) => (await import('./servers/raw.mjs')).openRaw(options),
  nest: async (options) => (await import('./servers/nest.mjs')).openNest(options),
  'better-sse': async (options) =>
    (await import('./servers/better-sse.mjs')).openBetterSse(options),
  '@fastify/sse': async (options) =>
    (await import('./servers/fastify-sse.mjs')).openFastifySse(options),
  'never-express': async () => (await import('./servers/never.mjs')).openNever('express'),
  'never-fastify': async () => (await import('./servers/never.mjs')).openNever('fastify'),
  express: async () => (await import('./servers/this-package.mjs')).openThisPackage('express'),
  fastify: async () => (await import('./servers/this-package.mjs')).openThisPackage('fastify'),
};
const [kind, retains] = process.argv.slice(2);
const server = await open[kind]({ retains: retains === 'retains' });
const handlers = {
  listen: () => ({ url: server.url, path: server.path }),
  emit,
  lastId: () => ({ lastId: server.lastId() }),
  cpu: () => ({ cpuMs: cpuMs() }),
  memory,
};

process.on('disconnect', () => process.exit());
process.on('message', (request) => void handle(request));

async function handle(request) {
  process.send(await handlers[request.do](request));
}

/**
 * Emits events, `burst` of them in one turn of the event loop. This package writes in the following turn,
 * together with the events of that turn. Without `isGathered`, a turn without events is left in between.
 */
async function emit({ events, burst, everyMs, isGathered = true }) {
  for (let sent = 0; sent < events; sent += burst) {
    for (let i = 0; i < burst; i += 1)
      server.publish(`${process.hrtime.bigint()} some words of an answer`);
    /* oxlint-disable no-await-in-loop -- sets the pace */
    if (everyMs > 0) await delay(everyMs);
    else await nextTurn();
    if (!isGathered) await nextTurn();
    /* oxlint-enable no-await-in-loop */
  }
  return {};
}

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Returns the memory in use after a garbage collection, and the resident memory, in bytes. */
async function memory() {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  collect();
  await delay(100);
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { bytes: heapUsed + external, rssBytes: rss };
}
