// The subscribers of a benchmark, in their own process. They count events and record latencies.
import { percentile } from '../figures.mjs';
import { subscribe } from './stream.mjs';

/** The number of subscribers that connect at the same time. More would exceed the listen backlog. */
const CONNECTING = 50;

let subscribers = 0;
let latenciesMs = [];
let expected = Number.POSITIVE_INFINITY;
let finish = () => {};
const handlers = { connect, receive, replay };

process.on('disconnect', () => process.exit());
process.on('message', (request) => void handle(request));

async function handle(request) {
  process.send(await handlers[request.do](request));
}

async function connect({ url, subscribers: count }) {
  let started = 0;
  const connectInTurn = async () => {
    while (started < count) {
      started += 1;
      // oxlint-disable-next-line no-await-in-loop -- in sequence
      await subscribe(url, record);
    }
  };
  await Promise.all(Array.from({ length: CONNECTING }, connectInTurn));
  subscribers += count;
  return {};
}

function record(times) {
  const now = Number(process.hrtime.bigint());
  for (const time of times) latenciesMs.push((now - time) / 1e6);
  if (latenciesMs.length >= expected) finish();
}

/** Waits until each subscriber has received `events` more events. */
async function receive({ events }) {
  expected = events * subscribers;
  if (latenciesMs.length < expected) await new Promise((resolve) => (finish = resolve));
  const sorted = latenciesMs.sort((a, b) => a - b);
  latenciesMs = [];
  expected = Number.POSITIVE_INFINITY;
  return {
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    maxMs: sorted.at(-1),
  };
}

/** Connects a subscriber with a cursor, receives the missed events and disconnects; repeats that `times` times. */
async function replay({ url, after, events, times }) {
  const durationsMs = [];
  for (let time = 0; time < times; time += 1) {
    const startedAt = performance.now();
    // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
    await receiveMissed(url, after, events);
    durationsMs.push(performance.now() - startedAt);
  }
  durationsMs.sort((a, b) => a - b);
  return { p50Ms: percentile(durationsMs, 0.5) };
}

async function receiveMissed(url, after, events) {
  let left = events;
  let finishReplay;
  const received = new Promise((resolve) => (finishReplay = resolve));
  const onEvents = (times) => {
    left -= times.length;
    if (left <= 0) finishReplay();
  };
  const request = await subscribe(url, onEvents, { 'last-event-id': String(after) });
  await received;
  request.destroy();
}
