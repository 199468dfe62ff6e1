import { request as requestHttp, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIPv4, type LookupFunction } from 'node:net';

/** More of an answer is not read. Its content does not matter. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** How long the rest of an answer is read, in milliseconds, so that its sender sees no broken connection. */
const ANSWER_MS = 2000;

export interface WebhookPost {
  readonly url: URL;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
  /** The only addresses that are connected to. */
  readonly addresses: readonly string[];
  readonly signal: AbortSignal;
}

/** The parts of an answer that matter. */
export interface WebhookAnswer {
  readonly status: number;
  /** The header `Retry-After`. */
  readonly retryAfter: string | undefined;
}

/** Sends one request on a connection of its own, and resolves to its answer. Follows no redirect, and uses no proxy. */
export function postWebhook({
  url,
  headers,
  body,
  addresses,
  signal,
}: WebhookPost): Promise<WebhookAnswer> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      agent: false,
      lookup: lookupIn(addresses),
      signal,
    });
    request.on('error', reject);
    request.on('response', (response) => {
      skip(response);
      resolve({
        status: response.statusCode ?? 0,
        retryAfter: response.headers['retry-after'],
      });
    });
    // Also after an answer that changes the protocol, which is no error to Node.
    request.on('close', () => reject(new Error('The connection ended without an answer.')));
    request.end(body);
  });
}

/** Answers every lookup with the same addresses. */
function lookupIn(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIPv4(address) ? 4 : 6 }));
  const [{ address, family } = { address: '', family: 4 }] = all;
  return (_name, options, found) => {
    if (options.all) found(null, all);
    else found(null, address, family);
  };
}

/** Reads the rest of an answer, within limits. */
function skip(response: IncomingMessage): void {
  let length = 0;
  const timer = setTimeout(() => response.destroy(), ANSWER_MS).unref();
  response.on('error', () => undefined); // its status is known
  response.on('close', () => clearTimeout(timer));
  response.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) response.destroy();
  });
}
