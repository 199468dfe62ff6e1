import { mkdtemp, rm } from 'node:fs/promises';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelLimits } from '../../src/agent-webkit/engine/agent-client.js';
import { ModelMeter } from '../../src/agent-webkit/gateway/model/model-meter.js';
import {
  type ModelGateway,
  type ModelGatewayOptions,
  openModelGateway,
} from '../../src/agent-webkit/gateway/model/model-gateway.js';

export interface UpstreamRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Call {
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** Returns the events of a response of the Messages API with these numbers of tokens. */
export function messageEvents({ input = 10, output = 20, created = 3, read = 4 } = {}): string[] {
  const usage = {
    input_tokens: input,
    output_tokens: 1,
    cache_creation_input_tokens: created,
    cache_read_input_tokens: read,
  };
  const events = [
    { type: 'message_start', message: { id: 'msg_1', type: 'message', usage } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'usage' } },
    { type: 'message_delta', delta: {}, usage: { output_tokens: output } },
    { type: 'message_stop' },
  ];
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

/** A meter that a test reads. */
export class NotedMeter extends ModelMeter {
  requests = 0;
  tokens = 0;

  override begin(): void {
    super.begin();
    this.requests += 1;
  }

  override add(tokens: number): void {
    super.add(tokens);
    this.tokens += tokens;
  }
}

/** The options of a gateway, with the limits in place of their meter. */
export type BenchOptions = Partial<Omit<ModelGatewayOptions, 'meter'>> & { limits?: ModelLimits };

/** A gateway, and the server that it takes for the model. */
export class ModelBench {
  readonly seen: UpstreamRequest[] = [];
  readonly logs: string[] = [];
  readonly #server: Server;
  readonly #folder: string;
  readonly #gateways: ModelGateway[] = [];
  readonly #sockets = new Set<Socket>();
  /** The meter of the gateway that was opened last. */
  meter = new NotedMeter();
  respond: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(messageEvents().join(''));
  };

  private constructor(server: Server, folder: string) {
    this.#server = server;
    this.#folder = folder;
  }

  static async start(): Promise<ModelBench> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const bench = new ModelBench(server, await mkdtemp(join(tmpdir(), 'agent-webkit-')));
    server.on('request', (req: IncomingMessage, res: ServerResponse) => {
      const { method = '', url = '', headers } = req;
      const entry = { method, url, headers, body: '' };
      bench.seen.push(entry);
      req.on('data', (chunk: Buffer) => (entry.body += chunk.toString()));
      bench.respond(req, res);
    });
    return bench;
  }

  /** The address of the upstream. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get socket(): string {
    return join(this.#folder, 'model.sock');
  }

  get folder(): string {
    return this.#folder;
  }

  get gateway(): ModelGateway {
    return this.#gateways.at(-1)!;
  }

  /** Opens the gateway; by default for an API key, with the upstream as the Messages API. */
  async open({ limits, ...options }: BenchOptions = {}): Promise<ModelGateway> {
    this.meter = new NotedMeter(limits);
    const gateway = await openModelGateway({
      socket: this.socket,
      ...options,
      meter: this.meter,
      environment: {
        NO_PROXY: '*',
        ...(options.environment ?? {
          ANTHROPIC_API_KEY: 'sk-real-key',
          ANTHROPIC_BASE_URL: this.url,
        }),
      },
    });
    this.#gateways.push(gateway);
    return gateway;
  }

  /** Sends a request as an agent would. */
  async call({
    path = '/v1/messages',
    method = 'POST',
    headers,
    body,
  }: Call = {}): Promise<Answer> {
    const sent = request({
      socketPath: this.socket,
      path,
      method,
      agent: false,
      headers: { 'content-type': 'application/json', ...headers },
    });
    sent.end(body ?? '{"model":"claude-opus-5-5","messages":[]}');
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.once('response', resolve).once('error', reject);
    });
    let text = '';
    for await (const chunk of response as AsyncIterable<Buffer>) text += chunk.toString();
    return { status: response.statusCode ?? 0, headers: response.headers, body: text };
  }

  /** Writes bytes to the socket. Resolves to all that comes back until the connection ends. */
  async raw(...parts: string[]): Promise<string> {
    const socket = this.connect();
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', () => {});
    for (const part of parts) socket.write(part);
    await new Promise((resolve) => socket.once('close', resolve));
    return text;
  }

  connect(): Socket {
    const socket = connect(this.socket);
    this.#sockets.add(socket);
    return socket;
  }

  /** Ends the upstream, so that connections to it are refused. */
  async stopUpstream(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#gateways.map((gateway) => gateway.close()));
    await this.stopUpstream();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Returns the error that an answer has in the shape of the Messages API. */
export function errorOf(answer: Answer): { type: string; message: string } {
  const { type, error } = JSON.parse(answer.body) as {
    type: string;
    error: { type: string; message: string };
  };
  if (type !== 'error') throw new Error(`Not an error: ${answer.body}`);
  return error;
}

/** Returns an event as a frame of Amazon's event stream: lengths, headers and content, with two checksums. */
export function amazonFrame(event: object): Buffer {
  const bytes = Buffer.from(JSON.stringify(event)).toString('base64');
  const content = Buffer.from(JSON.stringify({ bytes, p: 'abc' }));
  const headers = Buffer.concat(
    Object.entries({
      ':event-type': 'chunk',
      ':content-type': 'application/json',
      ':message-type': 'event',
    }).map(([name, value]) =>
      Buffer.concat([
        Buffer.from([name.length]),
        Buffer.from(name),
        Buffer.from([7, 0, value.length]),
        Buffer.from(value),
      ]),
    ),
  );
  const begin = Buffer.alloc(12);
  begin.writeUInt32BE(16 + headers.length + content.length, 0);
  begin.writeUInt32BE(headers.length, 4);
  begin.writeUInt32BE(crc32(begin.subarray(0, 8)), 8);
  const end = Buffer.alloc(4);
  const frame = Buffer.concat([begin, headers, content]);
  end.writeUInt32BE(crc32(frame));
  return Buffer.concat([frame, end]);
}

/** Node 20 has none of its own. */
function crc32(buffer: Buffer): number {
  let crc = 0xffff_ffff;
  for (const byte of buffer) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}
