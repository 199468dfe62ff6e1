// What clients ask of a server with few sessions and of one with many, by turns.
import { HttpClient } from '../http-client.mjs';
import { percentile } from '../figures.mjs';
import { OWNER_OF_MANY } from './fill.mjs';

/** As many on a page as ten make two of. */
const PAGE = 5;

/** Puts the median of each figure into `figures` of its server. */
export async function measureRequests(servers, { warmUps, pages }) {
  const clients = servers.map((server) => new Visitor(server));
  const each = async (times, work) => {
    for (let time = 0; time < times; time += 1) {
      // oxlint-disable-next-line no-await-in-loop -- by turns is the point
      for (const client of clients) await work(client, time);
    }
  };
  try {
    await each(1, (client) => client.prepare());
    await each(warmUps, (client) => client.warmUp());
    await each(pages, (client) => client.list());
    await each(PAGE, (client, time) => client.look(time));
    await each(PAGE, (client, time) => client.wake(PAGE + time));
    for (const client of clients) client.tell();
  } finally {
    for (const client of clients) client.close();
  }
}

class Visitor {
  #server;
  #client;
  #ofFew;
  #middle;
  #sleeping;
  #times = {};

  constructor(server) {
    this.#server = server;
    this.#client = new HttpClient(server.url, { 'x-owner': OWNER_OF_MANY });
    this.#ofFew = new HttpClient(server.url, { 'x-owner': server.ownerOfFew });
  }

  /** Goes to the middle of the listing. Those that sleep there are looked up and woken later. */
  async prepare() {
    const all = [await this.#page(100, null)];
    while (all.at(-1).next_cursor !== null) {
      // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
      all.push(await this.#page(100, all.at(-1).next_cursor));
    }
    const before = all[(all.length >> 1) - 1];
    const sessions = all[all.length >> 1].sessions;
    this.#middle = before?.next_cursor ?? (await this.#page(PAGE, null)).next_cursor;
    this.#sleeping = sessions.slice(0, 2 * PAGE).map(({ session_id: id }) => id);
  }

  /** The ways that are taken later, with a session that is new and goes again. */
  async warmUp() {
    const asFew = await this.#ofFew.ask('POST', '/sessions', {});
    this.#note('createAsFewMs', asFew);
    await this.#ofFew.ask('DELETE', `/sessions/${asFew.body.session_id}`);
    const { body, ms } = await this.#client.ask('POST', '/sessions', {});
    this.#note('createMs', { ms });
    const path = `/sessions/${body.session_id}`;
    await this.#talk(body.session_id, 0);
    await this.#client.ask('GET', path);
    await this.#client.ask('DELETE', path);
    await this.#client.ask('GET', path).catch(() => 'not there any more');
  }

  async list() {
    this.#note('firstPageMs', await this.#client.ask('GET', `/sessions?limit=${PAGE}`));
    const middle = `/sessions?limit=${PAGE}&cursor=${this.#middle}`;
    this.#note('middlePageMs', await this.#client.ask('GET', middle));
    this.#note('fewPageMs', await this.#ofFew.ask('GET', `/sessions?limit=${PAGE}`));
  }

  async look(index) {
    const id = this.#sleeping[index];
    this.#note('getMs', await this.#client.ask('GET', `/sessions/${id}`));
  }

  async wake(index) {
    const times = await this.#talk(this.#sleeping[index], this.#server.lastSeq);
    for (const [figure, ms] of Object.entries(times)) this.#note(figure, { ms });
  }

  tell() {
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
    return (await this.#client.ask('GET', `/sessions?limit=${limit}${query}`)).body;
  }

  /** Says something, and follows the answer from the same moment on. */
  async #talk(id, lastSeq) {
    const beganAt = performance.now();
    const message = { type: 'user_message', content: 'Go on.' };
    const accepted = this.#client.ask('POST', `/sessions/${id}/input`, message);
    const stream = this.#client.follow(id, lastSeq);
    try {
      const { at: turnStartAt } = await stream.next('turn_start');
      const { at: deltaAt } = await stream.next('message_delta');
      const { ms: acceptedMs } = await accepted;
      await stream.next('result');
      return { acceptedMs, turnStartMs: turnStartAt - beganAt, deltaMs: deltaAt - beganAt };
    } finally {
      stream.close();
    }
  }

  #note(figure, { ms }) {
    (this.#times[figure] ??= []).push(ms);
  }
}
