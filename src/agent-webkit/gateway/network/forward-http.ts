import { type IncomingMessage, request as requestHttp, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { Reach, Target } from './reach.js';
import { invalidRequest, Refusal, refusalOf } from './refusal.js';

/** The maximum size of the headers of an answer, in bytes. */
const MAX_ANSWER_HEADERS = 65_536;

/** The headers between an agent and the gateway, and between the gateway and a server: RFC 9110, 7.6.1. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

const TARGET = /^http:\/\/([^/?#\\@\s]+?)(?::(\d{1,5}))?([/?][^#\s]*)?$/i;

/** Returns the host, the port and the path of a request to a proxy. */
export function readTarget(url: string): { host: string; port: number; path: string } {
  const [, host, port = '80', rest = '/'] = TARGET.exec(url) ?? [];
  if (host === undefined) {
    throw invalidRequest(
      'This is an HTTP proxy. It accepts CONNECT, and requests for URLs that begin with http:// and a host name.',
    );
  }
  return { host, port: Number(port), path: rest.startsWith('/') ? rest : `/${rest}` };
}

/**
 * Sends a request to a target, and its answer back. The header `Host` is written from the target, and
 * framing is written anew, so that the server reads the same request that was checked.
 */
export async function forwardHttp(
  request: IncomingMessage,
  response: ServerResponse,
  { target, path }: { target: Target; path: string },
  reach: Reach,
): Promise<void> {
  const headers = headersFor(request, target);
  const socket = await reach.open(target);
  if (response.destroyed) {
    socket.destroy();
    return;
  }
  await exchange(request, response, socket, { path, headers });
}

function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  socket: Socket,
  { path, headers }: { path: string; headers: readonly string[] },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error | null): void => {
      socket.destroy();
      reject(
        new Refusal(502, 'Bad Gateway', 'The connection to the host was lost.', { cause: error }),
      );
    };
    const upstream = requestHttp({
      method: request.method,
      path,
      headers,
      setHost: false,
      maxHeaderSize: MAX_ANSWER_HEADERS,
      createConnection: () => socket,
    });
    upstream.on('error', failed);
    // The request asked for no other protocol.
    upstream.on('upgrade', () => failed(null));
    upstream.on('response', (answer) => {
      response.sendDate = false;
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', endToEnd(answer));
      pipeline(answer, response, () => {
        socket.destroy();
        resolve();
      });
    });
    response.once('close', () => socket.destroy());
    // Not `pipeline`, which would end the agent's connection before the answer to an upload that the host refused.
    request.pipe(upstream);
  });
}

function headersFor(request: IncomingMessage, { name, port }: Target): string[] {
  const { 'transfer-encoding': encoding, 'content-length': length } = request.headers;
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') {
    throw new Refusal(501, 'Not Implemented', 'The only supported transfer encoding is chunked.');
  }
  const headers = ['Host', port === 80 ? name : `${name}:${port}`, 'Connection', 'close'];
  if (encoding !== undefined) headers.push('Transfer-Encoding', 'chunked');
  else if (length === undefined && !['GET', 'HEAD'].includes(request.method ?? ''))
    headers.push('Content-Length', '0');
  return [...headers, ...endToEnd(request, ['host', 'expect'])];
}

/** Returns the headers that are not for this connection alone, as a list of names and values in turn. */
function endToEnd(message: IncomingMessage, alsoDropped: readonly string[] = []): string[] {
  const named = (message.headers.connection ?? '').split(',');
  const dropped = new Set([
    ...HOP_BY_HOP,
    ...alsoDropped,
    // `Content-Length` describes the message also where this header names it.
    ...named.map((name) => name.trim().toLowerCase()).filter((name) => name !== 'content-length'),
  ]);
  const kept: string[] = [];
  for (let at = 0; at + 1 < message.rawHeaders.length; at += 2) {
    const [name = '', value = ''] = message.rawHeaders.slice(at, at + 2);
    if (!dropped.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}

/** Answers a request with a refusal. */
export function answerRefusal(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, reason, message } = refusalOf(error);
  const body = `${message}\n`;
  response.writeHead(status, reason, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    // The rest of the request is not read.
    Connection: 'close',
  });
  response.end(body);
}
