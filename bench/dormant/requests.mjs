// Sends the same requests to a server with few sessions and to one with many, in turn.
import { HttpClient } from '../http-client.mjs';
import { percentile } from '../figures.mjs';
import { OWNER_OF_MANY } from './fill.mjs';

/** The number of sessions on a page, so that ten sessions fill two pages. */
const PAGE = 5;

/** Adds the median of each figure to `figures` of its server. */
export async function measureRequests(servers, { warmUps, pages }) {
  const clients = servers.map((server) => new Client(server));
  const each = async (times, work) => {
    for (let time = 0; time < times; time += 1) {
      // oxlint-disable-next-line no-await-in-loop -- the servers alternate
      for (const client of clients) await work(client, time);
    }
  };
  try {
    await each(1, (client) => client.prepare());
    await each(warmUps, (client) => client.warmUp());
    await each(pages, (client) => client.list());
    await each(PAGE, (client, time) => client.readOne(time));
    await each(PAGE, (client, time) => client.resume(PAGE + time));
    for (const client of clients) client.report();
  } finally {
    for (const client of clients) client.close();
  }
}

class Client {
  #server;
  #client;
  #ofFew;
  #middle;
  #dormant;
  #times = {};

  constructor(server) {
    this.#server = server;
    this.#client = new HttpClient(server.url, { 'x-owner': OWNER_OF_MANY });
    this.#ofFew = new HttpClient(server.url, { 'x-owner': server.ownerOfFew });
  }

  /** Finds the middle of the listing, and the dormant sessions there, which are read and resumed later. */
  async prepare() {
    const all = [await this.#page(100, null)];
    while (all.at(-1).next_cursor !== null) {
      // oxlint-disable-next-line no-await-in-loop -- each page starts where the previous one ends
      all.push(await this.#page(100, all.at(-1).next_cursor));
    }
    const before = all[(all.length >> 1) - 1];
    const sessions = all[all.length >> 1].sessions;
    this.#middle = before?.next_cursor ?? (await this.#page(PAGE, null)).next_cursor;
    this.#dormant = sessions.slice(0, 2 * PAGE).map(({ session_id: id }) => id);
  }

  /** Sends each kind of request once, with a new session, and deletes it. */
  async warmUp() {
    const asFew = await this.#ofFew.request('POST', '/sessions', {});
    this.#record('createAsFewMs', asFew);
    await this.#ofFew.request('DELETE', `/sessions/${asFew.body.session_id}`);
    const { body, ms } = await this.#client.request('POST', '/sessions', {});
    this.#record('createMs', { ms });
    const path = `/sessions/${body.session_id}`;
    await this.#runTurn(body.session_id, 0);
    await this.#client.request('GET', path);
    await this.#client.request('DELETE', path);
    await this.#client.request('GET', path).catch(() => 'deleted');
  }

  async list() {
    this.#record('firstPageMs', await this.#client.request('GET', `/sessions?limit=${PAGE}`));
    const middle = `/sessions?limit=${PAGE}&cursor=${this.#middle}`;
    this.#record('middlePageMs', await this.#client.request('GET', middle));
    this.#record('fewPageMs', await this.#ofFew.request('GET', `/sessions?limit=${PAGE}`));
  }

  async readOne(index) {
    const id = this.#dormant[index];
    this.#record('getMs', await this.#client.request('GET', `/sessions/${id}`));
  }

  async resume(index) {
    const times = await this.#runTurn(this.#dormant[index], this.#server.lastSeq);
    for (const [figure, ms] of Object.entries(times)) this.#record(figure, { ms });
  }

  report() {
    for (const [figure, times] of Object.entries(this.#times)) {
      this.#server.figures[figure] = percentile(
        times.toSorted((a, b) => a - b),
        0.5,
      );
    }
  }

  close() {
    this.#client.close();
    this.#ofFew.close();
  }

  async #page(limit, cursor) {
    const query = cursor === null ? '' : `&cursor=${cursor}`;
    return (await this.#client.request('GET', `/sessions?limit=${limit}${query}`)).body;
  }

  /** Sends a message, and subscribes to the session at the same time. */
  async #runTurn(id, lastSeq) {
    const startedAt = performance.now();
    const message = { type: 'user_message', content: 'Go on.' };
    const accepted = this.#client.request('POST', `/sessions/${id}/input`, message);
    const stream = this.#client.subscribe(id, lastSeq);
    try {
      const { at: turnStartAt } = await stream.next('turn_start');
      const { at: deltaAt } = await stream.next('message_delta');
      const { ms: acceptedMs } = await accepted;
      await stream.next('result');
      return { acceptedMs, turnStartMs: turnStartAt - startedAt, deltaMs: deltaAt - startedAt };
    } finally {
      stream.close();
    }
  }

  #record(figure, { ms }) {
    (this.#times[figure] ??= []).push(ms);
  }
}
