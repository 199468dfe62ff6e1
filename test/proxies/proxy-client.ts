import { request as requestHttp } from 'node:http';
import { connect, type IncomingHttpHeaders } from 'node:http2';
import { request as requestHttps } from 'node:https';
import type { Readable } from 'node:stream';
import { connect as connectTls } from 'node:tls';

/** The name that the blocks of the documents serve. */
const HOST = 'agents.example.com';

/** The versions of HTTP that a client can use. */
export type HttpVersion = 'HTTP/1.1' | 'HTTP/2';

/** A response whose body is read as it arrives. */
export class ProxiedResponse {
  /** The body so far. */
  text = '';
  /** True when no more of the body will arrive. */
  isEnded = false;
  readonly #body: Readable;
  #waiting: (() => void)[] = [];

  constructor(
    readonly status: number,
    readonly headers: IncomingHttpHeaders,
    body: Readable,
  ) {
    this.#body = body;
    body.setEncoding('utf8');
    body.on('data', (chunk: string) => {
      this.text += chunk;
      this.#notify();
    });
    // A proxy reports a broken server by a broken connection.
    body.on('error', () => undefined);
    body.on('close', () => {
      this.isEnded = true;
      this.#notify();
    });
  }

  /** Waits until the body contains a text. @throws Error when it ends first */
  async has(text: string): Promise<void> {
    while (!this.text.includes(text)) {
      if (this.isEnded) throw new Error(`The response ended before ${text}:\n${this.text}`);
      // oxlint-disable-next-line no-await-in-loop -- the next part of the body decides
      await this.#more();
    }
  }

  async ended(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- the next part of the body decides
    while (!this.isEnded) await this.#more();
  }

  close(): void {
    this.#body.destroy();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #notify(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

export interface ProxiedRequest {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

/** A client of a proxy: a connection for each request, or with HTTP/2 one for all. */
export interface ProxyClient {
  /** Sends a request. Resolves with the headers of the response. */
  send(request: ProxiedRequest): Promise<ProxiedResponse>;
  close(): void;
}

/**
 * @param origin the address of the proxy on this machine
 * @param host the name to request. Its certificate is not checked.
 */
export function connectTo(
  origin: string,
  version: HttpVersion = 'HTTP/1.1',
  host = HOST,
): ProxyClient {
  return version === 'HTTP/2' ? connectHttp2(origin, host) : connectHttp1(origin, host);
}

const withLength = (headers: Record<string, string>, body: string) =>
  body === '' ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) };

function connectHttp1(origin: string, host: string): ProxyClient {
  const { protocol, hostname, port } = new URL(origin);
  const request = protocol === 'https:' ? requestHttps : requestHttp;
  const open = new Set<ProxiedResponse>();
  return {
    send: ({ method = 'GET', path, headers = {}, body = '' }) =>
      new Promise((resolve, reject) => {
        const sent = request(
          {
            hostname,
            port,
            method,
            path,
            headers: withLength({ host, ...headers }, body),
            agent: false,
            servername: host,
            rejectUnauthorized: false,
          },
          (response) => {
            const status = response.statusCode ?? 0;
            const received = new ProxiedResponse(status, response.headers, response);
            open.add(received);
            resolve(received);
          },
        );
        sent.on('error', reject);
        sent.end(body);
      }),
    close: () => {
      for (const response of open) response.close();
    },
  };
}

function connectHttp2(origin: string, host: string): ProxyClient {
  const { hostname, port } = new URL(origin);
  const session = connect(`https://${host}:${port}`, {
    createConnection: () =>
      connectTls({
        host: hostname,
        port: Number(port),
        servername: host,
        ALPNProtocols: ['h2'],
        rejectUnauthorized: false,
      }),
  });
  // A browser speaks HTTP/2 only when the proxy has chosen it.
  session.on('connect', () => {
    if (session.alpnProtocol !== 'h2') session.destroy(new Error('HTTP/2 was not negotiated.'));
  });
  session.on('error', () => undefined);
  return {
    send: ({ method = 'GET', path, headers = {}, body = '' }) =>
      new Promise((resolve, reject) => {
        const sent = session.request(
          { ':method': method, ':path': path, ':authority': host, ...withLength(headers, body) },
          { endStream: body === '' },
        );
        sent.on('error', reject);
        sent.on('response', ({ ':status': status = 0, ...received }) =>
          resolve(new ProxiedResponse(status, received, sent)),
        );
        if (body !== '') sent.end(body);
      }),
    close: () => session.destroy(),
  };
}
