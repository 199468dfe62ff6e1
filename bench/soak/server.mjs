// A server under load. It reports the memory, objects and resources that remain afterwards.
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
/** How long to wait for the connections of clients to close. */
const SETTLE_MS = 3000;

const { storage, end } = storages[kind].open(place);
const createAgent = scriptedSdkFactory(play);
const classes = {
  sessions: Session,
  agents: createAgent({ sessionId: 'none', resume: false }).constructor,
  timers: setTimeout(() => {}).constructor,
};

// Warnings about leaks matter here. The warning that queryObjects is experimental does not.
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
// A delayed client would send its next request on a connection that is just being closed.
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
 * Counts the objects that are still in use, in about half a second per kind. It also discards compiled code
 * and everything else that can be created again, so only the memory that is needed remains.
 */
function count(kinds) {
  const counts = kinds.map((name) => [name, queryObjects(classes[name], { format: 'count' })]);
  return {
    ...memory(),
    counts: { 'sessions in memory': registry.size, ...Object.fromEntries(counts) },
  };
}

/** Waits until the last client's connection is closed, for at most `SETTLE_MS`. */
async function settled() {
  const until = performance.now() + SETTLE_MS;
  do {
    // oxlint-disable-next-line no-await-in-loop -- polls, because there is no event for it
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
