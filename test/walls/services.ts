import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import {
  createServer as createHttpServer,
  request as httpRequest,
  type Server as HttpServer,
} from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import {
  type FakeMessagesApi,
  type Model,
  startFakeMessagesApi,
} from '../support/fake-messages-api.js';

/** The model with its upstream, and services that answer with the secret, which no agent may reach. */
export class Services {
  readonly datagrams: string[] = [];
  /** The requests that the upstream of the model received besides those for messages. */
  readonly echoed: string[] = [];
  readonly #secret: string;
  readonly #id: string;
  #api: FakeMessagesApi | null = null;
  #upstream: HttpServer | null = null;
  #secretHttp: HttpServer | null = null;
  #listeners: Server[] = [];
  #udp: DatagramSocket | null = null;

  constructor(secret: string, id: string) {
    this.#secret = secret;
    this.#id = id;
  }

  get api(): FakeMessagesApi {
    if (!this.#api) throw new Error('The model is not started.');
    return this.#api;
  }

  /** The address of the model. */
  get upstreamUrl(): string {
    return `http://127.0.0.1:${portOf(this.#upstream)}`;
  }

  get ports(): { tcp: number; http: number; udp: number | undefined } {
    return {
      tcp: portOf(this.#listeners[0]),
      http: portOf(this.#secretHttp),
      udp: this.#udp?.address().port,
    };
  }

  /** @param socket the path of a Unix socket that it creates */
  async start(model: Model, socket: string): Promise<void> {
    this.#api = await startFakeMessagesApi(model);
    const api = new URL(this.#api.url);
    // An upstream that repeats what it receives, as some proxies do in their errors.
    this.#upstream = createHttpServer((request, response) => {
      const headers = JSON.stringify(request.headers);
      if (!/^\/v1\/messages(\?|\/count_tokens|$)/.test(request.url ?? '')) {
        this.echoed.push(`${request.method} ${request.url}`);
        response.end(`echo ${request.url} ${headers}`);
        return;
      }
      const { method = '', url = '' } = request;
      const forwarded = httpRequest(
        { host: api.hostname, port: api.port, path: url, method, headers: request.headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        },
      );
      forwarded.on('error', () => response.destroy());
      request.pipe(forwarded);
    }).listen(0, '127.0.0.1');
    this.#secretHttp = createHttpServer((_, response) => response.end(this.#secret)).listen(
      0,
      '0.0.0.0',
    );
    const banner = () =>
      createServer((connection) => connection.on('error', () => {}).end(`${this.#secret}\n`));
    this.#listeners = [
      banner().listen(0, '0.0.0.0'),
      banner().listen(socket),
      banner().listen(`\0walls-${this.#id}`),
    ];
    this.#udp = createSocket('udp4').on('message', (data) => this.datagrams.push(data.toString()));
    this.#udp.bind(0, '127.0.0.1');
    await Promise.all(
      [this.#upstream, this.#secretHttp, ...this.#listeners, this.#udp].map((one) =>
        once(one, 'listening'),
      ),
    );
    await chmod(socket, 0o777);
  }

  async close(): Promise<void> {
    await this.#api?.close();
    for (const server of [this.#upstream, this.#secretHttp]) {
      server?.closeAllConnections();
      server?.close();
    }
    for (const server of this.#listeners) server.close();
    this.#udp?.close();
  }
}

function portOf(server: Server | HttpServer | null | undefined): number {
  const address = server?.address() as AddressInfo | null | undefined;
  if (!address) throw new Error('A service of the test does not listen.');
  return address.port;
}
