// Many sessions are used once, and then nobody asks for them any more.
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from '../children.mjs';
import { HttpClient } from '../http-client.mjs';
import { OWNER_OF_MANY } from './fill.mjs';

const AT_A_TIME = 20;
/** Every so many of them is not only looked up, but spoken to. */
const SPOKEN_TO = 10;

/** The server's memory before, then, and when it let them go. */
export async function touchMany({ child, url }, { touched, letGoMs }) {
  const client = new HttpClient(url, { 'x-owner': OWNER_OF_MANY });
  try {
    const ids = await findIds(client, touched);
    const before = await figuresOf(child);
    const table = { 'nobody was there yet': before };
    await touch(client, ids);
    table[`${touched} were used`] = await figuresOf(child);
    if (letGoMs > 0) table['nobody used them for a minute'] = await letGo(child, letGoMs);
    return table;
  } finally {
    client.close();
  }
}

async function findIds(client, count) {
  const ids = [];
  let cursor = '';
  while (ids.length < count) {
    // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
    const { body } = await client.ask('GET', `/sessions?limit=100${cursor}`);
    ids.push(...body.sessions.map(({ session_id: id }) => id));
    cursor = `&cursor=${body.next_cursor}`;
  }
  return ids.slice(0, count);
}

async function touch(client, ids) {
  const left = [...ids.entries()];
  const visit = async () => {
    for (let next = left.pop(); next; next = left.pop()) {
      const [index, id] = next;
      const path = `/sessions/${id}`;
      const message = { type: 'user_message', content: 'Go on.' };
      /* oxlint-disable no-await-in-loop -- one after the other, beside the others' */
      if (index % SPOKEN_TO === 0) await client.ask('POST', `${path}/input`, message);
      else await client.ask('GET', path);
      /* oxlint-enable no-await-in-loop */
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, visit));
}

/** Waits until no session is in memory any more, but not for ever. */
async function letGo(child, withinMs) {
  const until = performance.now() + withinMs;
  for (;;) {
    /* oxlint-disable no-await-in-loop -- asks again until it is so */
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
