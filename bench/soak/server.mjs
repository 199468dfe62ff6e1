// A server that is worked hard. It tells what of that is left in it.
import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { queryObjects } from 'node:v8';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SessionRegistry } from '../../dist/agent-webkit/engine/registry/session-registry.js';
import { Session } from '../../dist/agent-webkit/engine/session/session.js';
import { AgentWebkitModule } from '../../dist/index.js';
import { scriptedSdkFactory } from '../../dist/testing.js';
import { memory } from '../memory.mjs';
import { storages } from '../storage/storages.mjs';
import { play } from './script.mjs';

const { kind, place } = JSON.parse(process.argv[2]);
/** Short enough that an agent stops as soon as its session has no subscriber. */
const IDLE_TIMEOUT_MS = 50;
/** How long what clients left behind may take to be gone. */
const SETTLE_MS = 3000;

const { storage, end } = storages[kind].open(place);
const createAgent = scriptedSdkFactory(play);
const classes = {
  sessions: Session,
  agents: createAgent({ sessionId: 'none', resume: false }).constructor,
  timers: setTimeout(() => {}).constructor,
};

// A warning of a leak is what this is about; that counting is experimental is known.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') console.warn(warning);
});

class HostModule {}
Module({
  imports: [
    AgentWebkitModule.forRoot({
      auth: { verify: ({ headers }) => ({ id: headers['x-owner'] }) },
      storage,
      agent: { sdkFactory: createAgent, includePartialMessages: true, maxAgents: 1000 },
      timeouts: { idleTimeoutMs: IDLE_TIMEOUT_MS },
      limits: { maxCreationsPerMinute: 1_000_000 },
    }),
  ],
})(HostModule);
const app = await NestFactory.create(HostModule, {
  logger: ['error'],
  forceCloseConnections: true,
});
await app.listen(0, '127.0.0.1');
// A client that is held up would send its next request on a connection that is just being closed.
app.getHttpServer().keepAliveTimeout = 60_000;
const registry = app.get(SessionRegistry);

process.on('disconnect', () => process.exit());
process.on('message', (request) => void handle(request));
process.send({ url: await app.getUrl() });

async function handle(request) {
  if (request.do === 'figures') {
    await settled();
    process.send({ ...memory(), resources: resources() });
  }
  if (request.do === 'count') {
    await settled();
    process.send(count(request.kinds));
  }
  if (request.do !== 'close') return;
  await app.close();
  await end();
  process.disconnect();
}

/**
 * How many objects there are that are still in use. It takes half a second for each kind, and throws
 * away all that can be made again, compiled code, too: what is in memory then is what must be.
 */
function count(kinds) {
  const counts = kinds.map((name) => [name, queryObjects(classes[name], { format: 'count' })]);
  return {
    ...memory(),
    counts: { 'sessions known': registry.size, ...Object.fromEntries(counts) },
  };
}

/** Waits until the last client's connection is closed, but not for ever. */
async function settled() {
  const until = performance.now() + SETTLE_MS;
  do {
    // oxlint-disable-next-line no-await-in-loop -- nothing tells when the last one is gone
    await delay(100);
  } while (resources()['TCPSocketWrap'] && performance.now() < until);
}

/** The resources that keep the process alive, by kind: sockets, timers, children and others. */
function resources() {
  const counts = {};
  for (const kindOfResource of process.getActiveResourcesInfo()) {
    counts[kindOfResource] = (counts[kindOfResource] ?? 0) + 1;
  }
  return counts;
}
