import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MeterProvider } from '@opentelemetry/api';

/** How often the delay of the event loop is sampled, in milliseconds. */
const RESOLUTION_MS = 20;

const options = (description: string, unit: string) => ({ description, unit });

/**
 * Measures this process: its memory, CPU time, age, and the delay of its event loop since the last collection.
 *
 * @returns a function that ends it
 */
export function measureProcess(provider: MeterProvider): () => void {
  const meter = provider.getMeter('nestjs-agent-webkit/process');
  const memory = meter.createObservableUpDownCounter(
    'process.memory.usage',
    options('Resident memory.', 'By'),
  );
  const heap = meter.createObservableUpDownCounter(
    'v8js.memory.heap.used',
    options('Used memory of the JavaScript heap.', 'By'),
  );
  const cpu = meter.createObservableCounter('process.cpu.time', options('CPU time.', 's'));
  const uptime = meter.createObservableGauge('process.uptime', options('Age.', 's'));
  const delays = {
    p50: meter.createObservableGauge('nodejs.eventloop.delay.p50', options('Median.', 's')),
    p99: meter.createObservableGauge('nodejs.eventloop.delay.p99', options('99 of 100.', 's')),
    max: meter.createObservableGauge('nodejs.eventloop.delay.max', options('Longest.', 's')),
  };
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const all = [memory, heap, cpu, uptime, ...Object.values(delays)];
  meter.addBatchObservableCallback((result) => {
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    result.observe(memory, rss);
    result.observe(heap, heapUsed);
    result.observe(cpu, user / 1e6, { 'cpu.mode': 'user' });
    result.observe(cpu, system / 1e6, { 'cpu.mode': 'system' });
    result.observe(uptime, process.uptime());
    result.observe(delays.p50, secondsOver(delay.percentile(50)));
    result.observe(delays.p99, secondsOver(delay.percentile(99)));
    result.observe(delays.max, secondsOver(delay.max));
    delay.reset();
  }, all);
  return () => void delay.disable();
}

/** Returns a sampled interval in nanoseconds as the delay in seconds: how much longer it was than it should be. */
function secondsOver(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000);
}
