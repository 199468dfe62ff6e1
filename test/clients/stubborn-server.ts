import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

interface WireEvent {
  id: string;
  event: string;
  data: object;
}

/** An error status. */
interface Refusal {
  status: number;
  retryAfter?: number;
  /** True for the page of a proxy. */
  isHtml?: boolean;
}

/** Some events. */
interface Delivery {
  /** Keep-alive comments before the events: how many, and how often. */
  quiet?: { comments: number; everyMs: number };
  events: readonly WireEvent[];
  /** The continuation: the end of the response, silence, or half an event, and a break when the test says so. */
  ending: 'end' | 'silence' | 'break';
}

/** The answer to one request. */
export type Step = Refusal | Delivery;

export interface Asked {
  /** The id of the last event that the client has. */
  cursor: string;
  authorization: string | undefined;
  /** When the request arrived, in milliseconds. */
  at: number;
}

/**
 * A server whose answers a test writes: one for each request, in order, and the last one for all that
 * follow. It answers a request for a page of events with the events of the step.
 */
export class StubbornServer {
  readonly asked: Asked[] = [];
  readonly #steps: readonly Step[];
  readonly #server: Server;
  #open: ServerResponse | null = null;
  #refusal: Refusal = { status: 503 };

  private constructor(steps: readonly Step[]) {
    this.#steps = steps;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(steps: readonly Step[]): Promise<StubbornServer> {
    const server = new StubbornServer(steps);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Breaks the stream that ends with half an event. */
  break(): void {
    this.#open?.destroy();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const isPage = pathname.endsWith('/events');
    // An EventSource hides the status of its request, so its program asks again.
    if (isPage && searchParams.get('limit') === '1') return refuse(response, this.#refusal);
    const sent = request.headers['last-event-id'] ?? searchParams.get('last_event_id');
    const after = searchParams.get('after') ?? '0';
    this.asked.push({
      cursor: String(sent ?? (after === '0' ? '' : after)),
      authorization: request.headers.authorization,
      at: performance.now(),
    });
    const step = this.#steps[Math.min(this.asked.length, this.#steps.length) - 1];
    if (!step) throw new Error('There are no steps.');
    if ('status' in step) {
      this.#refusal = step;
      refuse(response, step);
    } else if (isPage) {
      const page = { events: step.events, last_id: '', has_more: false };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(page));
    } else {
      void stream(response, step);
      if (step.ending === 'break') this.#open = response;
    }
  }
}

function refuse(response: ServerResponse, { status, retryAfter, isHtml = false }: Refusal): void {
  if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
  if (isHtml) {
    response.writeHead(status, { 'content-type': 'text/html' }).end(`<h1>${status} Rejected</h1>`);
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ statusCode: status, code: 'stub', message: `Refused: ${status}` }));
}

async function stream(response: ServerResponse, delivery: Delivery): Promise<void> {
  const { events, ending, quiet = { comments: 0, everyMs: 0 } } = delivery;
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  response.write(': keepalive\n');
  for (let sent = 0; sent < quiet.comments && !response.destroyed; sent += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await delay(quiet.everyMs);
    response.write(': keepalive\n');
  }
  for (const { id, event, data } of events) {
    response.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
  if (ending === 'end') response.end();
  else if (ending === 'break') {
    response.write(
      'id: not-complete\nevent: message_delta\ndata: {"message_id":"m","delta":{"type":"text"',
    );
  }
}
