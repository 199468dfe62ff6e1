import { createServer as createHttpServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { CONNECTION_LIMITS, limitConnections } from '../../src/standalone/connection-limits.js';
import { createServer } from '../../src/standalone/server.js';
import { readSettings } from '../../src/standalone/settings.js';

/** Sends bytes to a server. Resolves to everything it answers before the connection ends. */
function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (received += chunk));
    socket.on('close', () => resolve(received));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A server that ends a connection does not wait for the rest of the request.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
  });
}

const makeHeaders = (count: number) =>
  Array.from({ length: count }, (_, index) => `X-${index}: ${index}\r\n`).join('');

describe('Limits on connections', () => {
  let server: Server;
  afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const listen = async (limits = {}) => {
    server = createHttpServer((request, response) => {
      request.resume().on('end', () => response.end(String(request.rawHeaders.length / 2)));
    });
    limitConnections(server, { ...CONNECTION_LIMITS, checkIntervalMs: 20, ...limits });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };

  it('close a connection whose headers do not arrive', async () => {
    const port = await listen({ headersTimeoutMs: 50 });

    expect(await sendRaw(port, 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ')).toMatch(/^HTTP\/1.1 408 /);
  });

  it('close a connection whose body does not arrive', async () => {
    const port = await listen({ headersTimeoutMs: 50, requestTimeoutMs: 100 });

    expect(await sendRaw(port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{')).toMatch(
      /^HTTP\/1.1 408 /,
    );
  });

  it('close an idle connection', async () => {
    const port = await listen({ keepAliveTimeoutMs: 50 });

    expect(await sendRaw(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
  });

  it('close a connection that sends too many headers, without reading all of them', async () => {
    const port = await listen({ keepAliveTimeoutMs: 50 });
    expect(await sendRaw(port, `GET / HTTP/1.1\r\n${makeHeaders(5000)}\r\n`)).toMatch(/ 431 /);
    const answer = await sendRaw(port, `GET / HTTP/1.1\r\nHost: a\r\n${makeHeaders(500)}\r\n`);
    // Node reads them in batches, and stops after the batch with the hundredth.
    expect(Number(answer.split('\r\n').at(-1))).toBeLessThan(200);
  });
});

describe('The standalone server', () => {
  it('sets the limits, and sends headers that disable content sniffing and framing', async () => {
    const settings = readSettings({ PORT: '0', AGENT_WEBKIT_NO_AUTH: '1' });
    const app = await createServer(settings, { logger: false });
    await app.listen(0, '127.0.0.1');
    const server = app.getHttpServer();
    const url = await app.getUrl();
    const get = async (path: string) => {
      const { status, headers } = await fetch(url + path, { headers: { connection: 'close' } });
      return { status, ...Object.fromEntries(headers) };
    };

    expect([server.headersTimeout, server.requestTimeout, server.maxHeadersCount]).toEqual([
      10_000, 60_000, 100,
    ]);
    const always = {
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    };
    const answers = await Promise.all(['/sessions', '/sessions/unknown', '/nowhere'].map(get));
    for (const answer of answers) {
      expect(answer).toMatchObject({
        ...always,
        'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      });
      expect(answer).not.toHaveProperty('x-powered-by');
      expect(answer).not.toHaveProperty('access-control-allow-origin');
    }
    // The page's own policy, and only that.
    expect(await get('/')).toMatchObject({
      ...always,
      status: 200,
      'content-security-policy': expect.stringMatching(/^default-src 'none'; script-src 'self'; /),
    });
    await app.close();
  });
});
