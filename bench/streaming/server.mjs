// A server on which many sessions stream at once, told what to do by its parent.
import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AgentWebkitModule, SessionRegistryService } from '../../dist/index.js';
import { Load } from '../storage/load.mjs';
import { LoopDelay } from '../storage/loop-delay.mjs';
import { waitedForCpuMs } from '../storage/process-figures.mjs';

const setup = JSON.parse(process.argv[2]);
const CALLER = { id: 'anonymous' };

// Within one period, so that every moment is like every other.
const staggerMs = 1000 / setup.eventsPerSecond;
const load = new Load({ eventsPerSecond: setup.eventsPerSecond, staggerMs });

class HostModule {}
Module({
  imports: [
    AgentWebkitModule.forRoot({
      auth: 'none',
      sdkFactory: () => load.createAgent(),
      maxAgents: setup.sessions,
      maxCreationsPerMinute: setup.sessions,
    }),
  ],
})(HostModule);
const app = await NestFactory.create(HostModule, { logger: ['error'] });
await app.listen(0, '127.0.0.1');
const registry = app.get(SessionRegistryService);
const sessions = await Promise.all(
  Array.from({ length: setup.sessions }, () => registry.create({}, CALLER)),
);

process.on('message', (request) => void handle(request));
// Both processes count the system's monotonic clock, from moments of their own.
const clockMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();
process.send({ url: await app.getUrl(), ids: sessions.map(({ id }) => id), clockMs });

async function handle(request) {
  if (request.do === 'speak') {
    const message = { type: 'user_message', content: 'Go on.' };
    await Promise.all(sessions.map(({ id }) => registry.send(id, message, CALLER)));
    process.send({});
  }
  if (request.do === 'measure') process.send(await measure());
}

async function measure() {
  const loop = new LoopDelay();
  const before = totals();
  loop.start();
  await delay(setup.measuredMs);
  loop.stop();
  const after = totals();
  load.end();
  const ms = after.ms - before.ms;
  const waitedMs = after.waitedMs === null ? null : after.waitedMs - before.waitedMs;
  return {
    saidInAll: load.said,
    said: after.said - before.said,
    saidPerSecond: ((after.said - before.said) / ms) * 1000,
    cpuMs: after.cpuMs - before.cpuMs,
    cpuPercent: ((after.cpuMs - before.cpuMs) / ms) * 100,
    waitedForCpuPercent: waitedMs === null ? null : (waitedMs / ms) * 100,
    loopDelayP99Ms: loop.ms(99),
  };
}

function totals() {
  const { user, system } = process.cpuUsage();
  return {
    ms: performance.now(),
    said: load.said,
    cpuMs: (user + system) / 1000,
    waitedMs: waitedForCpuMs(),
  };
}
