// A server with one storage: sessions with agents that emit events, and a subscriber to each. It reports
// the cost, and what the server does once the agents are idle.
import 'reflect-metadata';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SessionRegistry } from '../../dist/agent-webkit/engine/registry/session-registry.js';
import { AgentWebkitModule } from '../../dist/index.js';
import { Subscribers } from './subscribers.mjs';
import { Load } from './load.mjs';
import { LoopDelay } from './loop-delay.mjs';
import { waitedForCpuMs, writtenBytes } from './process-figures.mjs';
import { storages } from './storages.mjs';

const { kind, place, setup } = JSON.parse(process.argv[2]);
/** Low enough that the oldest events are removed during the measurement. */
const MAX_EVENTS = 300;

const { storage, commits, end } = storages[kind].open(place);
const load = new Load(setup);
const subscribers = new Subscribers();

class HostModule {}
Module({
  imports: [
    AgentWebkitModule.forRoot({
      auth: 'none',
      storage,
      agent: { sdkFactory: () => load.createAgent(), maxAgents: setup.sessions },
      retention: { maxEvents: MAX_EVENTS },
    }),
  ],
})(HostModule);
const app = await NestFactory.createApplicationContext(HostModule, { logger: ['error'] });
const registry = app.get(SessionRegistry);

await Promise.all(Array.from({ length: setup.sessions }, (_, index) => begin(`user-${index}`)));
await delay(setup.warmUpMs);
const work = await measureWork();
load.end();
const drainMs = await drained();
await delay(setup.restMs);
const idle = await measureIdle();

process.send({ ...work, drainMs, ...idle });
await app.close();
await end();
process.disconnect();

async function begin(user) {
  const caller = { id: user };
  const session = await registry.create({}, caller);
  subscribers.subscribe(session);
  await registry.send(session.id, { type: 'user_message', content: 'Go on.' }, caller);
}

async function measureWork() {
  subscribers.lagUs = createHistogram();
  const loop = new LoopDelay();
  const before = totals();
  loop.start();
  await delay(setup.measuredMs);
  loop.stop();
  const after = totals();
  const rise = (name) => (after[name] === null ? null : after[name] - before[name]);
  const perSecond = (name) => rise(name) / (rise('ms') / 1000);
  const waitedMs = rise('waitedForCpuMs');
  return {
    offeredPerSecond: perSecond('emitted'),
    committedPerSecond: perSecond('received'),
    lagP50Ms: subscribers.lagUs.percentile(50) / 1000,
    lagP99Ms: subscribers.lagUs.percentile(99) / 1000,
    loopDelayP50Ms: loop.ms(50),
    loopDelayP99Ms: loop.ms(99),
    ownLoopDelayP99Ms: loop.ownMs(99),
    waitedForCpuPercent: waitedMs === null ? null : (waitedMs / rise('ms')) * 100,
    commitsPerSecond: perSecond('commits'),
    cpuMsPerEvent: rise('cpuMs') / rise('received'),
  };
}

function totals() {
  const { user, system } = process.cpuUsage();
  return {
    ms: performance.now(),
    emitted: load.emitted,
    received: subscribers.received,
    commits: commits(),
    cpuMs: (user + system) / 1000,
    waitedForCpuMs: waitedForCpuMs(),
  };
}

/** Resolves to the milliseconds until every emitted event is received. */
async function drained() {
  const startedAt = performance.now();
  while (subscribers.received < load.emitted) {
    // oxlint-disable-next-line no-await-in-loop -- polls, because there is no event for it
    await delay(1);
  }
  return performance.now() - startedAt;
}

async function measureIdle() {
  const before = { commits: commits(), bytes: writtenBytes() };
  await delay(setup.idleMs);
  const bytes = writtenBytes();
  return {
    idleCommits: commits() - before.commits,
    idleWrittenBytes: bytes === null ? null : bytes - before.bytes,
  };
}
