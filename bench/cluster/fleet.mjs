// Servers that share one schema of PostgreSQL, and a process with their subscribers.
import { ask, nextMessage, start } from '../children.mjs';
import { HttpClient } from '../http-client.mjs';
import { POSTGRES_URL, storages } from '../storage/storages.mjs';

/** The title of each bus in tables. */
export const BUSES = { postgres: 'PostgreSQL', redis: 'Redis', none: 'no bus' };

/**
 * Starts `servers` servers, calls `run` with them, and stops them.
 *
 * @param endsTurns agents end each turn at once; otherwise their turn runs until the end
 * @param prepare called with the schema before the servers start
 */
export async function withFleet({ servers, bus, redisUrl, endsTurns, prepare }, run) {
  const { place: schema, remove } = storages.postgres.prepare();
  const members = [];
  try {
    await prepare?.(schema);
    const settings = { databaseUrl: POSTGRES_URL, schema, bus, redisUrl, endsTurns };
    // Creates the tables.
    members.push(await Member.start(settings));
    const others = Array.from({ length: servers - 1 }, () => Member.start(settings));
    members.push(...(await Promise.all(others)));
    return await run(new Fleet(members));
  } finally {
    await Promise.all(members.map((member) => member.close()));
    await remove();
  }
}

/** A server, and a client of it. */
class Member {
  url;
  client;
  #process;

  static async start(settings) {
    const member = new Member();
    member.#process = start(new URL('server.mjs', import.meta.url), [JSON.stringify(settings)]);
    ({ url: member.url } = await nextMessage(member.#process));
    member.client = new HttpClient(member.url);
    return member;
  }

  /** Creates sessions, and starts a turn in each. Resolves to their ids. */
  async createSessions(count) {
    const ids = [];
    for (let i = 0; i < count; i += 1) {
      /* oxlint-disable no-await-in-loop -- one after the other */
      const { body } = await this.client.request('POST', '/sessions', {});
      await this.send(body.session_id);
      ids.push(body.session_id);
      /* oxlint-enable no-await-in-loop */
    }
    return ids;
  }

  /** Sends a user message. Resolves to the milliseconds until it is accepted. */
  async send(id) {
    const message = { type: 'user_message', content: 'Go on.' };
    return (await this.client.request('POST', `/sessions/${id}/input`, message)).ms;
  }

  emit(events, everyMs) {
    return ask(this.#process, { do: 'emit', events, everyMs });
  }

  totals() {
    return ask(this.#process, { do: 'totals' });
  }

  async close() {
    this.client.close();
    try {
      await ask(this.#process, { do: 'close' });
    } finally {
      this.#process.kill();
    }
  }
}

class Fleet {
  members;

  constructor(members) {
    this.members = members;
  }

  /** Calls `run`. Resolves to its result, and to the CPU milliseconds and the statements of each server meanwhile. */
  async measure(run) {
    const totals = () => Promise.all(this.members.map((member) => member.totals()));
    const before = await totals();
    const result = await run();
    const after = await totals();
    const rises = (figure) => after.map((total, index) => total[figure] - before[index][figure]);
    return { result, cpuMs: rises('cpuMs'), statements: rises('statements') };
  }

  /** Resolves to the latencies of `events` deltas of each session, for each group of subscribers. */
  async deliver(subscribers, events, everyMs) {
    const [latencies] = await Promise.all([
      ask(subscribers, { do: 'receive', events }),
      ...this.members.map((member) => member.emit(events, everyMs)),
    ]);
    return latencies;
  }
}

/** Starts the process with subscribers, calls `run` with it, and ends it. */
export async function withSubscribers(run) {
  const subscribers = start(new URL('subscribers.mjs', import.meta.url));
  try {
    return await run(subscribers);
  } finally {
    subscribers.kill();
  }
}

/** Connects `count` subscribers to each of the sessions, at one server. */
export function connect(subscribers, group, member, ids, count = 1) {
  const urls = ids.flatMap((id) => Array(count).fill(`${member.url}/sessions/${id}/stream`));
  return ask(subscribers, { do: 'connect', group, urls });
}

/** Returns the sum of some figures. */
export function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
