// The subscribers of a benchmark, in a process of their own: they count events and take their times.
import { percentile } from '../figures.mjs';
import { follow } from './stream.mjs';

/** How many connect at the same time: a crowd at once would be refused by the backlog. */
const CONNECTING = 50;

let subscribers = 0;
let latenciesMs = [];
let expected = Number.POSITIVE_INFINITY;
let finish = () => {};
const answers = { connect, receive, replay };

process.on('disconnect', () => process.exit());
process.on('message', (request) => void answer(request));

async function answer(request) {
  process.send(await answers[request.do](request));
}

async function connect({ url, subscribers: count }) {
  let begun = 0;
  const connectInTurn = async () => {
    while (begun < count) {
      begun += 1;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await follow(url, take);
    }
  };
  await Promise.all(Array.from({ length: CONNECTING }, connectInTurn));
  subscribers += count;
  return {};
}

function take(times) {
  const now = Number(process.hrtime.bigint());
  for (const time of times) latenciesMs.push((now - time) / 1e6);
  if (latenciesMs.length >= expected) finish();
}

/** Waits until so many events more have come to each subscriber. */
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

/** One subscriber comes with a cursor, takes what it missed and leaves; so many times. */
async function replay({ url, after, events, times }) {
  const tookMs = [];
  for (let time = 0; time < times; time += 1) {
    const begun = performance.now();
    // oxlint-disable-next-line no-await-in-loop -- side by side they would measure each other
    await takeMissed(url, after, events);
    tookMs.push(performance.now() - begun);
  }
  tookMs.sort((a, b) => a - b);
  return { p50Ms: percentile(tookMs, 0.5) };
}

async function takeMissed(url, after, events) {
  let left = events;
  let finishReplay;
  const taken = new Promise((resolve) => (finishReplay = resolve));
  const onEvents = (times) => {
    left -= times.length;
    if (left <= 0) finishReplay();
  };
  const request = await follow(url, onEvents, { 'last-event-id': String(after) });
  await taken;
  request.destroy();
}
