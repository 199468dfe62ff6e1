import { get } from 'node:http';

const BEFORE_TIME = '"text":"';

/**
 * Subscribes to a stream. Calls `onEvents` with the times at which the received events were emitted.
 * Resolves to the request once the stream is open.
 */
export function subscribe(url, onEvents, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, headers }, (response) => {
      let rest = '';
      response.setEncoding('latin1');
      response.on('data', (chunk) => {
        const text = rest + chunk;
        const end = text.lastIndexOf('\n') + 1;
        rest = text.slice(end);
        const times = timesIn(text.slice(0, end));
        if (times.length > 0) onEvents(times);
      });
      response.on('error', () => {});
      resolve(request);
    }).on('error', reject);
  });
}

function timesIn(text) {
  const times = [];
  let at = text.indexOf(BEFORE_TIME);
  while (at !== -1) {
    const from = at + BEFORE_TIME.length;
    times.push(Number(text.slice(from, text.indexOf(' ', from))));
    at = text.indexOf(BEFORE_TIME, from);
  }
  return times;
}
