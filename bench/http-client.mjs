// A client of a server under measurement: plain node:http, because what it takes itself counts, too.
import { Agent, request as send } from 'node:http';

export class HttpClient {
  #url;
  #headers;
  #agent = new Agent({ keepAlive: true });

  /** @param headers sent with each request */
  constructor(url, headers = {}) {
    this.#url = url;
    this.#headers = headers;
  }

  /** Resolves to the answer's body and how long it took. Rejects when it is a refusal. */
  ask(method, path, body = null, headers = {}) {
    const beganAt = performance.now();
    return new Promise((resolve, reject) => {
      const request = send(
        this.#url + path,
        {
          method,
          agent: this.#agent,
          headers: {
            ...this.#headers,
            ...headers,
            ...(body !== null && { 'content-type': 'application/json' }),
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk) => (text += chunk));
          response.on('end', () => {
            const ms = performance.now() - beganAt;
            if (response.statusCode < 300) resolve({ ms, body: text && JSON.parse(text) });
            else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
          });
        },
      );
      request.on('error', (cause) => reject(new Error(`${method} ${path}`, { cause })));
      request.end(body === null ? undefined : JSON.stringify(body));
    });
  }

  /** Follows a session's events after one. */
  follow(id, after = 0, headers = {}) {
    return new EventStream(`${this.#url}/sessions/${id}/stream`, {
      ...this.#headers,
      ...headers,
      'last-event-id': String(after),
    });
  }

  /** Closes the connections that wait for another request. */
  close() {
    this.#agent.destroy();
  }
}

/** A stream of events, on a connection of its own. */
export class EventStream {
  /** The seq of the last event that was seen. */
  lastSeq;
  isOpen = true;
  #request;
  #rest = '';
  #unread = [];
  #wake = () => {};

  constructor(url, headers) {
    this.lastSeq = Number(headers['last-event-id']);
    this.#request = send(url, { agent: false, headers }, (response) => {
      if (response.statusCode !== 200) return this.close();
      response.setEncoding('utf8');
      response.on('data', (chunk) => this.#take(chunk));
      response.on('close', () => this.#end());
    });
    this.#request.on('error', () => this.#end());
    this.#request.end();
  }

  /** Resolves to the next event of a name. Rejects when the stream ends before. */
  async next(name) {
    for (;;) {
      const found = this.#unread.findIndex((event) => event.name === name);
      if (found !== -1) return this.#unread.splice(0, found + 1).at(-1);
      if (!this.isOpen) throw new Error(`The stream ended before an event "${name}" came.`);
      // oxlint-disable-next-line no-await-in-loop -- whatever comes may not be it
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }

  close() {
    this.#request.destroy();
    this.#end();
  }

  #take(chunk) {
    const at = performance.now();
    const frames = (this.#rest + chunk).split('\n\n');
    this.#rest = frames.pop();
    for (const frame of frames) {
      const [, seq, name, data] = /id: (\d+)\nevent: (\S+)\ndata: (.*)$/.exec(frame) ?? [];
      if (seq === undefined) continue;
      this.lastSeq = Number(seq);
      this.#unread.push({ seq: this.lastSeq, name, data: JSON.parse(data), at });
    }
    this.#wake();
  }

  #end() {
    this.isOpen = false;
    this.#wake();
  }
}
