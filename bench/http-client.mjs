// A client of the measured server. It uses plain node:http, because its own time is part of each figure.
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

  /** Resolves to the response's body and the time it took. Rejects if the status is not 2xx. */
  request(method, path, body = null, headers = {}) {
    const startedAt = performance.now();
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
            const ms = performance.now() - startedAt;
            if (response.statusCode < 300) resolve({ ms, body: text && JSON.parse(text) });
            else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
          });
        },
      );
      request.on('error', (cause) => reject(new Error(`${method} ${path}`, { cause })));
      request.end(body === null ? undefined : JSON.stringify(body));
    });
  }

  /** Subscribes to a session's events after the given seq. */
  subscribe(id, after = 0, headers = {}) {
    return new EventStream(`${this.#url}/sessions/${id}/stream`, {
      ...this.#headers,
      ...headers,
      'last-event-id': String(after),
    });
  }

  /** Closes the idle connections. */
  close() {
    this.#agent.destroy();
  }
}

/** A stream of events on its own connection. */
export class EventStream {
  /** The seq of the last received event. */
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
      response.on('data', (chunk) => this.#receive(chunk));
      response.on('close', () => this.#end());
    });
    this.#request.on('error', () => this.#end());
    this.#request.end();
  }

  /** Resolves to the next event with the given name. Rejects if the stream ends first. */
  async next(name) {
    for (;;) {
      const found = this.#unread.findIndex((event) => event.name === name);
      if (found !== -1) return this.#unread.splice(0, found + 1).at(-1);
      if (!this.isOpen) throw new Error(`The stream ended before the event "${name}".`);
      // oxlint-disable-next-line no-await-in-loop -- the next event may have another name
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }

  close() {
    this.#request.destroy();
    this.#end();
  }

  #receive(chunk) {
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
