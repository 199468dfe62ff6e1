// Uses many sessions once, and then waits until the server evicts them from memory.
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from '../children.mjs';
import { HttpClient } from '../http-client.mjs';
import { OWNER_OF_MANY } from './fill.mjs';

const CONCURRENCY = 20;
/** One of this many sessions receives a message; the others are only read. */
const MESSAGE_EVERY = 10;

/** Resolves to the server's memory before the sessions are used, after their use, and after their eviction. */
export async function useMany({ child, url }, { used, maxEvictionMs }) {
  const client = new HttpClient(url, { 'x-owner': OWNER_OF_MANY });
  try {
    const ids = await findIds(client, used);
    const before = await figuresOf(child);
    const table = { 'before any request': before };
    await useEach(client, ids);
    table[`${used} sessions used`] = await figuresOf(child);
    if (maxEvictionMs > 0) table['after their eviction'] = await evicted(child, maxEvictionMs);
    return table;
  } finally {
    client.close();
  }
}

async function findIds(client, count) {
  const ids = [];
  let cursor = '';
  while (ids.length < count) {
    // oxlint-disable-next-line no-await-in-loop -- each page starts where the previous one ends
    const { body } = await client.request('GET', `/sessions?limit=100${cursor}`);
    ids.push(...body.sessions.map(({ session_id: id }) => id));
    cursor = `&cursor=${body.next_cursor}`;
  }
  return ids.slice(0, count);
}

async function useEach(client, ids) {
  const left = [...ids.entries()];
  const useNext = async () => {
    for (let next = left.pop(); next; next = left.pop()) {
      const [index, id] = next;
      const path = `/sessions/${id}`;
      const message = { type: 'user_message', content: 'Go on.' };
      /* oxlint-disable no-await-in-loop -- each worker sends one request at a time */
      if (index % MESSAGE_EVERY === 0) await client.request('POST', `${path}/input`, message);
      else await client.request('GET', path);
      /* oxlint-enable no-await-in-loop */
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, useNext));
}

/** Resolves to the figures once no session is in memory, or after `withinMs`. */
async function evicted(child, withinMs) {
  const until = performance.now() + withinMs;
  for (;;) {
    /* oxlint-disable no-await-in-loop -- polls the server */
    const figures = await figuresOf(child);
    if (figures['sessions in memory'] === 0 || performance.now() > until) return figures;
    await delay(1000);
    /* oxlint-enable no-await-in-loop */
  }
}

async function figuresOf(child) {
  const { sessions, heapBytes, bufferBytes, residentBytes } = await ask(child, { do: 'memory' });
  return {
    'sessions in memory': sessions,
    'heap and buffers, MB': Number(((heapBytes + bufferBytes) / 1e6).toFixed(1)),
    'resident memory, MB': Number((residentBytes / 1e6).toFixed(0)),
  };
}
