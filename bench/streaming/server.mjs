// A server with many sessions that stream at the same time, controlled by its parent process.
import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { memory } from '../memory.mjs';
import { Load } from '../storage/load.mjs';
import { LoopDelay } from '../storage/loop-delay.mjs';
import { waitedForCpuMs } from '../storage/process-figures.mjs';
import { servers } from './servers.mjs';

const setup = JSON.parse(process.argv[2]);

// All agents start within one period, so that the load is even.
const staggerMs = 1000 / setup.eventsPerSecond;
const load = new Load({ eventsPerSecond: setup.eventsPerSecond, staggerMs });

const { url, ids, begin } = await servers[setup.server](load, setup.sessions);

process.on('disconnect', () => process.exit());
process.on('message', (request) => void handle(request));
// Both processes use the system's monotonic clock, but with different origins.
const clockMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();
process.send({ url, ids, clockMs });

async function handle(request) {
  if (request.do === 'start') {
    await begin();
    process.send({});
  }
  if (request.do === 'measure') process.send(await measure());
  if (request.do === 'memory') {
    const { heapBytes, codeBytes, bufferBytes } = memory();
    process.send({ bytes: heapBytes - codeBytes + bufferBytes });
  }
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
    emittedInTotal: load.emitted,
    emitted: after.emitted - before.emitted,
    emittedPerSecond: ((after.emitted - before.emitted) / ms) * 1000,
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
    emitted: load.emitted,
    cpuMs: (user + system) / 1000,
    waitedMs: waitedForCpuMs(),
  };
}
