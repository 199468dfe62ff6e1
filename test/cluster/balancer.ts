import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { ask } from '../support/ask.js';

/** How often the balancer asks each server for its readiness, in milliseconds. */
const PROBE_MS = 100;
/** How long a server may take to answer, in milliseconds. */
const PROBE_LIMIT_MS = 2000;

/** A server behind a balancer. Its URL changes when it is started again. */
export interface Upstream {
  readonly url: string;
  readonly isListening: boolean;
}

/**
 * A proxy that sends each request to the next server that is ready, as load balancers do by default. A
 * request that no server has accepted goes to the next one; nothing else is tried again.
 */
export class Balancer {
  /** The responses with a status of 500 or more, and the connections that broke before the end of the response. */
  readonly failures: string[] = [];
  readonly #upstreams: readonly Upstream[];
  readonly #ready = new Set<Upstream>();
  readonly #server: Server;
  readonly #timer: NodeJS.Timeout;
  #next = 0;

  private constructor(upstreams: readonly Upstream[]) {
    this.#upstreams = upstreams;
    this.#server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => this.#pass(incoming, Buffer.concat(chunks), outgoing, 0));
    });
    this.#timer = setInterval(() => void this.#probe(), PROBE_MS);
  }

  /** Starts it on loopback, and waits until every server is ready. */
  static async start(upstreams: readonly Upstream[]): Promise<Balancer> {
    const balancer = new Balancer(upstreams);
    balancer.#server.listen(0, '127.0.0.1');
    await once(balancer.#server, 'listening');
    await balancer.allReady();
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when every server is ready. */
  async allReady(): Promise<void> {
    while (this.#ready.size < this.#upstreams.length) {
      // oxlint-disable-next-line no-await-in-loop -- one probe after the other
      await this.#probe();
    }
  }

  async remove(): Promise<void> {
    clearInterval(this.#timer);
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #probe(): Promise<void> {
    await Promise.all(
      this.#upstreams.map(async (upstream) => {
        const { url } = upstream;
        const options = { method: 'GET', timeoutMs: PROBE_LIMIT_MS };
        const answer = upstream.isListening ? await ask(`${url}/health/ready`, options) : null;
        if (answer?.status === 204 && upstream.url === url) this.#ready.add(upstream);
        else this.#ready.delete(upstream);
      }),
    );
  }

  #pass(incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse, tries: number): void {
    const ready = this.#upstreams.filter((upstream) => this.#ready.has(upstream));
    const upstream = ready[this.#next % ready.length];
    this.#next += 1;
    const what = `${incoming.method} ${incoming.url}`;
    const fail = (reason: string) => {
      this.failures.push(`${what}: ${reason}`);
      outgoing.destroy();
    };
    if (!upstream || tries > this.#upstreams.length) return fail('no server is ready');
    const { method, headers } = incoming;
    const asked = request(upstream.url + incoming.url, { method, headers, agent: false });
    asked.on('response', (response) => {
      const { statusCode = 0 } = response;
      outgoing.writeHead(statusCode, response.headers);
      if (statusCode >= 500) {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          this.failures.push(`${what}: ${statusCode} ${Buffer.concat(chunks).toString()}`);
        });
      }
      response.pipe(outgoing);
      response.on('close', () => {
        if (!response.complete && !outgoing.closed) fail('the response broke off');
      });
      response.on('error', () => undefined);
    });
    asked.on('error', (error: NodeJS.ErrnoException) => {
      if (outgoing.headersSent || outgoing.closed) return;
      if (error.code === 'ECONNREFUSED') this.#pass(incoming, body, outgoing, tries + 1);
      else fail(String(error.code));
    });
    outgoing.on('close', () => asked.destroy());
    asked.end(body);
  }
}
