// The subscribers, in their own process. They count events, check that none is missing, and record latencies.
// They search for bytes instead of parsing, because they share the machine with the server.
import { get } from 'node:http';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

const AT_A_TIME = 20;
let lagUs = createHistogram();
let clockMs = 0;
let received = 0;
let missing = 0;
let disconnected = 0;
let cpuBefore = process.cpuUsage();

process.on('disconnect', () => process.exit());
process.on('message', (request) => void handle(request));

async function handle(request) {
  if (request.do === 'connect') await connect(request);
  if (request.do === 'measure') {
    lagUs = createHistogram();
    cpuBefore = process.cpuUsage();
    process.send({});
  }
  if (request.do === 'receive') process.send(await receive(request));
}

async function connect({ url, ids, subscribers, ...server }) {
  clockMs = server.clockMs;
  const paths = ids.flatMap((id) => Array(subscribers).fill(`${url}/sessions/${id}/stream`));
  while (paths.length > 0) {
    // oxlint-disable-next-line no-await-in-loop -- more at the same time would exceed the listen backlog
    await Promise.all(paths.splice(0, AT_A_TIME).map(subscribe));
  }
  process.send({});
}

/** Waits until `events` events are received in total, for at most `withinMs`. */
async function receive({ events, withinMs }) {
  const startedAt = performance.now();
  const isOver = () => received >= events || performance.now() - startedAt >= withinMs;
  while (!isOver()) {
    // oxlint-disable-next-line no-await-in-loop -- polls, because there is no event for it
    await delay(1);
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    received,
    missing,
    disconnected,
    drainMs: performance.now() - startedAt,
    p50Ms: lagUs.percentile(50) / 1000,
    p99Ms: lagUs.percentile(99) / 1000,
    clientCpuMs: (user + system) / 1000,
  };
}

function subscribe(url) {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      let rest = '';
      let lastSeq = 0;
      response.on('data', (chunk) => {
        const nowMs = Number(process.hrtime.bigint()) / 1e6 - clockMs;
        const text = rest === '' ? chunk.latin1Slice() : rest + chunk.latin1Slice();
        let from = 0;
        for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n', from)) {
          lastSeq = receiveFrame(text.slice(from, end), lastSeq, nowMs);
          from = end + 2;
        }
        rest = from === text.length ? '' : text.slice(from);
      });
      response.on('close', () => (disconnected += 1));
      response.on('error', () => {});
      resolve();
    }).on('error', reject);
  });
}

/** Counts the event of a frame, and returns its seq. */
function receiveFrame(frame, lastSeq, nowMs) {
  // An empty line or a comment may precede the first field.
  const id = frame.search(/^id: /m);
  if (id === -1) return lastSeq;
  const seq = Number.parseInt(frame.slice(id + 4, id + 20), 10);
  missing += seq - lastSeq - 1;
  const text = frame.indexOf('"text":"');
  if (text === -1) return seq;
  received += 1;
  const dueAt = Number.parseFloat(frame.slice(text + 8));
  lagUs.record(Math.max(1, Math.round((nowMs - dueAt) * 1000)));
  return seq;
}
