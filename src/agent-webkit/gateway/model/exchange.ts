import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { ApiError } from './api-error.js';
import type { ExchangeParts } from './exchanges.js';
import { redact, requestHeaders, responseHeaders, withSecrets } from './passed-headers.js';
import { namedModels } from './named-models.js';
import { readFields } from './request-fields.js';
import type { ModelTarget } from './provider.js';
import type { HeldBody } from './body-budget.js';
import { checkReach } from './check-reach.js';
import { failureOf, timedOut, UpstreamFailure } from './upstream-failure.js';
import { countTokens } from './usage.js';
import { createUsageReader } from './usage-reader.js';

type Headers = Readonly<Record<string, string>>;

/** The largest answer with an error, in bytes. */
const MAX_ERROR_BYTES = 64 * 1024;
/** How long the host's function for credentials may take, in milliseconds. */
const CREDENTIALS_MS = 30_000;

/**
 * One request of an agent, and its response. The request is sent when its whole body is checked. The response
 * streams, and what the agent does not read waits at the model. When one side leaves, the other connection is
 * closed.
 */
export class Exchange {
  readonly #parts: ExchangeParts;
  readonly #target: ModelTarget;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #ended = new AbortController();

  constructor(
    parts: ExchangeParts,
    target: ModelTarget,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    this.#parts = parts;
    this.#target = target;
    this.#request = request;
    this.#response = response;
  }

  /** Ends both connections. */
  abort(): void {
    this.#ended.abort();
    this.#response.destroy();
  }

  /** Resolves when the response is complete, or the agent has left. @throws ApiError for the agent */
  async run(): Promise<void> {
    const left = () => this.#ended.abort();
    this.#response.once('close', left);
    if (this.#response.destroyed) return;
    let body: HeldBody | null = null;
    try {
      const secrets = await this.#parts.provider.secretHeaders();
      body = await this.#readBody();
      const headers = await this.#headers(secrets, body.content);
      if (!this.#ended.signal.aborted) await this.#exchange(headers, body.content, secrets);
    } catch (error) {
      if (!this.#ended.signal.aborted) throw error;
    } finally {
      this.#response.off('close', left);
      body?.release();
    }
  }

  /** Reads the whole body, which is checked before any of it is sent. */
  async #readBody(): Promise<HeldBody> {
    const { models, bodies, meter } = this.#parts;
    const { checkTime } = meter;
    const body = await bodies.read(this.#request);
    try {
      const fields = await readFields(body.content, checkTime);
      checkTime.measure(() => checkReach(fields));
      if (this.#target.model === null) models?.check(namedModels(fields));
      return body;
    } catch (error) {
      body.release();
      throw error;
    }
  }

  /** Returns the headers of the request to the model. */
  async #headers(secrets: Headers, body: Buffer): Promise<Record<string, string>> {
    const { name, credentials } = this.#parts.provider;
    const { url } = this.#target;
    const headers = {
      ...withSecrets(requestHeaders(this.#request.headers), secrets),
      host: url.host,
      'content-length': String(body.length),
    };
    if (credentials === null) return headers;
    const call = { provider: name, method: 'POST', url: url.href, headers, body } as const;
    const added = await withinTime(async () => credentials(call));
    return { ...headers, ...lowerCased(added) };
  }

  #exchange(headers: Record<string, string>, body: Buffer, secrets: Headers): Promise<void> {
    const { upstream, outages } = this.#parts;
    return new Promise((resolve, reject) => {
      const call = upstream.post(this.#target.url, headers);
      const { signal } = this.#ended;
      const leave = () => {
        call.destroy();
        resolve();
      };
      if (signal.aborted) return leave();
      signal.addEventListener('abort', leave, { once: true });
      const fail = (error: Error) => {
        call.destroy();
        reject(error);
      };
      const stopWaiting = this.#limitConnecting(call, () => fail(timedOut('connection')));
      call.on('error', (error) => fail(error instanceof ApiError ? error : failureOf(error)));
      call.on('timeout', () => fail(timedOut('response')));
      call.on('close', () => {
        stopWaiting();
        signal.removeEventListener('abort', leave);
      });
      call.on('response', (answer) => {
        stopWaiting();
        outages.succeeded();
        this.#pass(answer, { ...secrets, ...headers }).then(resolve, fail);
      });
      call.end(body);
      return undefined;
    });
  }

  /** Passes on a response. Resolves when it is complete. */
  async #pass(answer: IncomingMessage, secrets: Headers): Promise<void> {
    const status = answer.statusCode ?? 502;
    if (status < 200 || (status >= 300 && status < 400)) {
      throw new ApiError(
        502,
        'api_error',
        "The model's server redirects to another address, which the model gateway does not follow.",
      );
    }
    if (status >= 400) return this.#passError(status, answer, secrets);
    const { meter } = this.#parts;
    const usage = createUsageReader(answer.headers);
    const counts = this.#target.generates;
    const count = (read: () => void) => {
      if (!counts) return;
      const before = countTokens(usage.tokens);
      read();
      meter.add(countTokens(usage.tokens) - before);
    };
    this.#response.writeHead(status, responseHeaders(answer.headers));
    this.#response.flushHeaders();
    await new Promise<void>((resolve, reject) => {
      answer.on('data', (chunk: Buffer) => {
        if (!this.#response.write(chunk)) answer.pause();
        count(() => usage.add(chunk));
      });
      this.#response.on('drain', () => answer.resume());
      answer.once('end', () => {
        count(() => usage.end());
        this.#response.end();
        resolve();
      });
      answer.once('error', reject);
      answer.once('close', () => {
        if (!answer.complete) reject(failureOf(undefined));
      });
    });
  }

  /** Passes on an error of the model without the credentials, which some servers repeat. */
  async #passError(status: number, answer: IncomingMessage, secrets: Headers): Promise<void> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_ERROR_BYTES) {
        throw new ApiError(502, 'api_error', `The model's server answered ${status} at length.`, 1);
      }
      chunks.push(chunk);
    }
    const isPlain = answer.headers['content-encoding'] === undefined;
    const text = Buffer.concat(chunks).toString('utf8');
    const body = isPlain ? redact(text, credentialsAmong(secrets)) : '';
    const { 'content-encoding': _, ...headers } = responseHeaders(answer.headers);
    this.#response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
    this.#response.end(body);
  }

  /** Calls `onLate` when the connection takes too long. Returns a function that ends the wait. */
  #limitConnecting(call: ClientRequest, onLate: () => void): () => void {
    const timer = setTimeout(onLate, this.#parts.upstream.connectTimeoutMs);
    const stop = () => clearTimeout(timer);
    call.once('socket', (socket) => {
      if (call.reusedSocket) return stop();
      const { encrypted } = socket as Partial<TLSSocket>;
      if (!encrypted && !socket.connecting) return stop();
      socket.once(encrypted ? 'secureConnect' : 'connect', stop);
      return undefined;
    });
    return stop;
  }
}

async function withinTime(find: () => Promise<Headers>): Promise<Headers> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('timeout')), CREDENTIALS_MS);
  });
  try {
    return await Promise.race([find(), late]);
  } catch {
    // The host's error may contain what is secret.
    throw new UpstreamFailure(
      503,
      'api_error',
      'The server could not obtain the credentials for the model.',
      5,
    );
  } finally {
    clearTimeout(timer);
  }
}

function lowerCased(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

/** The headers whose values are looked for in errors: all that the agent has not sent itself. */
function credentialsAmong(headers: Headers): Headers {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !/^(?:accept|host|content-|user-agent)/.test(name)),
  );
}
