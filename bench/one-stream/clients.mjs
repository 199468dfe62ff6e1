// Clients that follow every session, in their own process: each by one stream of all sessions, or by a stream of each.
// They count the deltas by searching for bytes instead of parsing, because they share the machine with the server.
import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const AT_A_TIME = 20;
const DELTA = Buffer.from('event: message_delta\n');
let received = 0;
let disconnected = 0;
let cpuBefore = process.cpuUsage();

process.on('disconnect', () => process.exit());
process.on('message', (request) => void handle(request));

async function handle(request) {
  if (request.do === 'connect') process.send(await connect(request));
  if (request.do === 'measure') {
    cpuBefore = process.cpuUsage();
    process.send({});
  }
  if (request.do === 'receive') process.send(await receive(request));
}

async function connect({ url, ids, clients, kind }) {
  const paths = kind === 'one' ? ['/stream'] : ids.map((id) => `/sessions/${id}/stream`);
  const urls = Array.from({ length: clients }, () => paths.map((path) => url + path)).flat();
  while (urls.length > 0) {
    // oxlint-disable-next-line no-await-in-loop -- more at the same time would exceed the listen backlog
    await Promise.all(urls.splice(0, AT_A_TIME).map(follow));
  }
  return {};
}

/** Waits until `events` deltas are received in total, for at most `withinMs`. */
async function receive({ events, withinMs }) {
  const startedAt = performance.now();
  const isOver = () => received >= events || performance.now() - startedAt >= withinMs;
  while (!isOver()) {
    // oxlint-disable-next-line no-await-in-loop -- polls, because there is no event for it
    await delay(1);
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  return { received, disconnected, clientCpuMs: (user + system) / 1000 };
}

/** Resolves when the response begins to arrive: a stream of all sessions has then read which they are. */
function follow(url) {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      let rest = Buffer.alloc(0);
      response.once('data', resolve);
      response.on('data', (chunk) => {
        const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
        let from = 0;
        for (let at = bytes.indexOf(DELTA); at !== -1; at = bytes.indexOf(DELTA, from)) {
          received += 1;
          from = at + DELTA.length;
        }
        // The begin of a delta may be at the end of a chunk.
        rest = bytes.subarray(Math.max(from, bytes.length - DELTA.length + 1));
      });
      response.on('close', () => (disconnected += 1));
      response.on('error', () => {});
    }).on('error', reject);
  });
}
