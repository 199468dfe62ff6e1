// The subscribers, in their own process. They are in groups, such as those at one server. They record the latency
// of each delta, in the order of their subscription, so that groups of the same sessions can be compared.
import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { clockMs } from './clock.mjs';

/** The longest time that deltas may take. */
const TIMEOUT_MS = 60_000;
/** How many subscribers connect at the same time. More would exceed the listen backlog. */
const CONNECTING = 20;

/** The subscriptions of each group, by its name. */
const groups = new Map();
const handlers = { connect, receive, disconnect };

process.on('disconnect', () => process.exit());
process.on('message', (request) => void handle(request));

async function handle(request) {
  process.send(await handlers[request.do](request));
}

async function connect({ group, urls }) {
  const subscriptions = [];
  const left = [...urls];
  while (left.length > 0) {
    // oxlint-disable-next-line no-await-in-loop -- some at a time
    subscriptions.push(...(await Promise.all(left.splice(0, CONNECTING).map(subscribe))));
  }
  groups.set(group, subscriptions);
  return {};
}

/** Waits until each subscriber has received `events` more deltas. Returns the latencies of each group. */
async function receive({ events }) {
  const startedAt = performance.now();
  const all = [...groups.values()].flat();
  while (all.some(({ latenciesMs }) => latenciesMs.length < events)) {
    if (performance.now() - startedAt > TIMEOUT_MS)
      throw new Error('Not all deltas were received.');
    // oxlint-disable-next-line no-await-in-loop -- polls, because there is no event for it
    await delay(1);
  }
  const latencies = [...groups].map(([group, subscriptions]) => [
    group,
    subscriptions.flatMap((subscription) => subscription.latenciesMs.splice(0)),
  ]);
  return Object.fromEntries(latencies);
}

async function disconnect() {
  for (const { request } of [...groups.values()].flat()) request.destroy();
  groups.clear();
  return {};
}

function subscribe(url) {
  return new Promise((resolve, reject) => {
    const latenciesMs = [];
    const request = get(url, { agent: false }, (response) => {
      if (response.statusCode !== 200) {
        request.destroy();
        reject(new Error(`${url}: ${response.statusCode}`));
        return;
      }
      let rest = '';
      response.setEncoding('latin1');
      response.on('data', (chunk) => {
        const now = clockMs();
        const text = rest + chunk;
        const end = text.lastIndexOf('\n') + 1;
        rest = text.slice(end);
        for (const [, dueAt] of text.slice(0, end).matchAll(/"text":"([\d.]+) /g))
          latenciesMs.push(now - Number(dueAt));
      });
      response.on('error', () => {});
      resolve({ request, latenciesMs });
    }).on('error', reject);
  });
}
