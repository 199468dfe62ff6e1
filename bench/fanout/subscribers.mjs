// The subscribers of a benchmark, in a process of their own: they count events and take their times.
import { get } from 'node:http';
import { percentile } from '../figures.mjs';

const latenciesMs = [];
let expected = Number.POSITIVE_INFINITY;
let subscribers = 0;
let finish = () => {};

process.on('message', (request) => void handle(request));

async function handle(request) {
  if (request.do === 'connect') {
    subscribers = request.subscribers;
    await Promise.all(Array.from({ length: subscribers }, () => subscribe(request.url)));
    process.send({});
  }
  if (request.do === 'receive') {
    expected = request.events * subscribers;
    if (latenciesMs.length < expected) await new Promise((resolve) => (finish = resolve));
    latenciesMs.sort((a, b) => a - b);
    process.send({ p50Ms: percentile(latenciesMs, 0.5), p99Ms: percentile(latenciesMs, 0.99) });
  }
}

function subscribe(url) {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        const now = process.hrtime.bigint();
        const lines = (rest + chunk).split('\n');
        rest = lines.pop();
        for (const line of lines) {
          const said = /"text":"(\d+) /.exec(line);
          if (said) latenciesMs.push(Number(now - BigInt(said[1])) / 1e6);
        }
        if (latenciesMs.length >= expected) finish();
      });
      resolve();
    }).on('error', reject);
  });
}
