import { once } from 'node:events';
import { createServer as createTcp, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { NetworkBench, readToEnd, readUntil } from './support/network-bench.js';

let bench: NetworkBench;
/** The requests as a server reads them. */
let seen: string[];
beforeEach(() => {
  bench = new NetworkBench();
  seen = [];
});
afterEach(() => bench.close());

async function openWithServer(options: Parameters<NetworkBench['open']>[0] = {}): Promise<void> {
  const port = await bench.serve((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      seen.push(
        `${request.method} ${request.headers.host}${request.url} ${Buffer.concat(parts).toString()}`,
      );
      response.end('answered');
    });
  });
  await bench.open(options, { 80: port, 8080: port, 443: port });
}

/** Starts a server that answers each connection with bytes as they are. */
async function openWithAnswer(answer: (socket: Socket) => void): Promise<void> {
  const port = await bench.listen(
    createTcp((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => answer(socket));
    }),
  );
  await bench.open({}, { 80: port });
}

const lines = (...parts: string[]): string => parts.join('\r\n');
const get = (url: string, ...headers: string[]): string =>
  lines(`GET ${url} HTTP/1.1`, ...headers, '', '');
const GET = get('http://example.org/', 'Connection: close');

async function openTunnel(authority = 'example.org:80'): Promise<Socket> {
  const socket = bench.connect();
  socket.write(`CONNECT ${authority} HTTP/1.1\r\n\r\n`);
  expect(await readUntil(socket, '\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
  return socket;
}

describe('A request that two programs could read differently', () => {
  it.each([
    ['two lengths', 'Content-Length: 5', 'Content-Length: 6', '', 'helloX'],
    ['a length and chunks', 'Content-Length: 5', 'Transfer-Encoding: chunked', '', '0', '', ''],
    ['two encodings', 'Transfer-Encoding: gzip, chunked', '', '0', '', ''],
    ['an unknown encoding', 'Transfer-Encoding: xchunked', '', '0', '', ''],
    ['chunks twice', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked', '', '0', '', ''],
    ['a length with a sign', 'Content-Length: +5', '', 'hello'],
    ['a space before a colon', 'Content-Length : 5', '', 'hello'],
    ['a header in two lines', 'X-A: 1', ' Content-Length: 5', '', 'hello'],
    ['a chunk with a wrong size', 'Transfer-Encoding: chunked', '', '5x', 'hello', '0', '', ''],
  ])('reaches no server: %s', async (_what, ...rest) => {
    await openWithServer();
    const start = ['POST http://example.org/ HTTP/1.1', 'Connection: close'];
    const answer = await bench.say(lines(...start, ...rest));
    expect(answer).toMatch(/^HTTP\/1.1 (?:4|5)\d\d |^$/);
    expect(seen).toEqual([]);
  });

  it.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'PROPFIND'])(
    'has one body, which the server reads as such, with the method %s',
    async (method) => {
      await openWithServer();
      const hidden = lines('GET /hidden HTTP/1.1', 'Host: example.org', '', '');
      const start = [`${method} http://example.org/a HTTP/1.1`, 'Connection: close'];
      await bench.say(
        lines(
          ...start,
          'Transfer-Encoding: chunked',
          '',
          hidden.length.toString(16),
          hidden,
          '0',
          '',
          '',
        ),
      );
      await bench.say(
        lines(
          ...start,
          'Connection: content-length',
          `Content-Length: ${hidden.length}`,
          '',
          hidden,
        ),
      );
      await bench.say(lines(...start, '', ''));
      expect(seen).toEqual([
        `${method} example.org/a ${hidden}`,
        `${method} example.org/a ${hidden}`,
        `${method} example.org/a `,
      ]);
    },
  );

  it('is checked on its own when several are sent at once', async () => {
    await openWithServer();
    const answer = await bench.say(
      get('http://example.org/1') + get('http://evil.example/2') + GET,
    );
    expect(seen).toContain('GET example.org/1 ');
    expect(seen.join()).not.toContain('/2');
    expect(answer.match(/HTTP\/1.1 \d+/g)?.slice(0, 2)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 403']);
  });
});

describe('A request that is not for a proxy, or hides its host', () => {
  it.each([
    'GET / HTTP/1.1',
    'GET //example.org/ HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'GET https://example.org/ HTTP/1.1',
    'GET ftp://example.org/ HTTP/1.1',
    'GET file:///etc/passwd HTTP/1.1',
    'GET http://user:password@example.org/ HTTP/1.1',
    'GET http://example.org@evil.example/ HTTP/1.1',
    'GET http://example.org:80@evil.example/ HTTP/1.1',
    'GET http://evil.example#@example.org/ HTTP/1.1',
    'GET http://evil.example?@example.org/ HTTP/1.1',
    'GET http://evil.example\\@example.org/ HTTP/1.1',
    'GET http://example.org:0/ HTTP/1.1',
    'GET http://example.org:99999/ HTTP/1.1',
    'GET http://example.org:8080/ HTTP/1.1',
    'GET http://example.org:80:443/ HTTP/1.1',
    'GET http:///example.org/ HTTP/1.1',
    'GET http://.example.org/ HTTP/1.1',
    'GET http://example.org../ HTTP/1.1',
    'GET http://example。org/ HTTP/1.1',
    'GET http://example%2eorg/ HTTP/1.1',
    'GET http://exampl\u00e9.org/ HTTP/1.1',
    'CONNECT example.org HTTP/1.1',
    'CONNECT http://example.org:443 HTTP/1.1',
    'CONNECT user@example.org:443 HTTP/1.1',
    'CONNECT example.org:443:443 HTTP/1.1',
    'CONNECT example.org:0443x HTTP/1.1',
    'CONNECT localhost:443 HTTP/1.1',
    'CONNECT example.org\x00.evil.example:443 HTTP/1.1',
    'CONNECT /var/run/docker.sock:80 HTTP/1.1',
    'BREW http://example.org/ HTTP/1.1',
    '\x05\x01\x00',
    '\x04\x01\x00\x50\x7f\x00\x00\x01\x00',
    'not HTTP at all',
  ])('is refused: %j', async (line) => {
    await openWithServer();
    const answer = await bench.say(
      Buffer.from(`${line}\r\nHost: example.org\r\nConnection: close\r\n\r\n`),
    );
    expect(answer).toMatch(/^HTTP\/1.1 (?:400|403) /);
    expect([seen, bench.reached]).toEqual([[], []]);
  });

  it('is refused in a tunnel', async () => {
    await openWithServer();
    for (const line of ['GET http://evil.example/', 'CONNECT evil.example:443', 'OPTIONS *']) {
      /* oxlint-disable no-await-in-loop -- one after the other */
      const socket = await openTunnel();
      socket.write(lines(`${line} HTTP/1.1`, 'Host: evil.example', 'Connection: close', '', ''));
      expect(await readToEnd(socket)).toMatch(/^(?:HTTP\/1.1 4\d\d |$)/);
      /* oxlint-enable no-await-in-loop */
    }
    expect(seen).toEqual([]);
  });

  it('reaches a port that is permitted by name, and no other port of this host', async () => {
    await openWithServer({ allow: ['example.org:8080'] });
    expect(await bench.say(get('http://example.org:8080/', 'Connection: close'))).toMatch(
      /answered/,
    );
    expect(seen).toEqual(['GET example.org:8080/ ']);
    expect(await bench.say(get('http://example.org/', 'Connection: close'))).toMatch(
      /^HTTP\/1.1 403 [^]*Port 80 of example.org is not permitted. Permitted: 8080./,
    );
  });
});

describe('Another protocol than the request', () => {
  it('is not begun by an upgrade', async () => {
    await openWithServer();
    const upgrade = ['Connection: Upgrade, close', 'Upgrade: websocket', 'Sec-WebSocket-Key: x'];
    const answer = await bench.say(lines('GET http://example.org/ HTTP/1.1', ...upgrade, '', ''));
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
  });

  it.each([
    [
      'an upgrade that was not requested',
      'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ],
    ['an answer that is not HTTP', 'SSH-2.0-OpenSSH\r\n'],
    [
      'an answer with two lengths',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    ],
    ['an answer with endless headers', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`],
    ['no answer', ''],
  ])('is answered with 502: %s', async (_what, bytes) => {
    await openWithAnswer((socket) => socket.end(bytes));
    expect(await bench.say(GET)).toMatch(/^HTTP\/1.1 502 [^]*The connection to the host was lost./);
  });

  it('does not pass on an answer that ends early as a complete one', async () => {
    await openWithAnswer((socket) =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
    );
    const answer = await bench.say(GET);
    expect(answer).toMatch(/Content-Length: 9[^]*half$/);
  });
});

describe('The transfer', () => {
  it('passes on each part of an answer as it arrives', async () => {
    let host: Socket | null = null;
    await openWithAnswer((socket) => {
      host = socket;
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n');
    });
    const socket = bench.connect();
    socket.write(GET);
    expect(await readUntil(socket, 'data: 1')).not.toContain('data: 2');
    (host as Socket | null)?.write('data: 2\n\n');
    await readUntil(socket, 'data: 2');
    socket.destroy();
    await eventually(() => host?.destroyed ?? false);
  });

  it('passes on the refusal of an upload that the server did not read', async () => {
    await openWithAnswer((socket) =>
      socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
    );
    const socket = bench.connect();
    socket.write(lines('POST http://example.org/ HTTP/1.1', 'Content-Length: 50000000', '', 'x'));
    expect(await readUntil(socket, '\r\n\r\n')).toMatch(/^HTTP\/1.1 413 /);
    socket.destroy();
  });
});

describe('A limit of an agent', () => {
  it('refuses more connections, until one has ended', async () => {
    await openWithServer({ limits: { maxConnections: 2 } });
    const tunnels = [await openTunnel(), await openTunnel()];
    expect(await bench.say('CONNECT example.org:80 HTTP/1.1\r\n\r\n')).toMatch(
      /^HTTP\/1.1 503 [^]*This agent has 2 connections open, which is the maximum./,
    );
    expect(await bench.say(GET)).toMatch(/^HTTP\/1.1 503 /);
    tunnels[0]?.destroy();
    await eventually(async () => (await bench.say(GET)).startsWith('HTTP/1.1 200 '));
    tunnels[1]?.destroy();
  });

  it('refuses many requests in one connection, too', async () => {
    let active = 0;
    let most = 0;
    await bench.open({
      limits: { maxConnections: 2 },
      lookup: async () => {
        active += 1;
        most = Math.max(most, active);
        await new Promise(setImmediate);
        active -= 1;
        throw new Error('ENOTFOUND');
      },
    });
    const answer = await bench.say(
      `${'GET http://example.org/ HTTP/1.1\r\n\r\n'.repeat(100)}${GET}`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 502 /);
    expect(most).toBe(2);
  });

  it('ends a name that is not resolved in time, and a connection that is not opened in time', async () => {
    const limits = { connectTimeoutMs: 20 };
    await bench.open({ limits, lookup: () => new Promise(() => undefined) });
    expect(await bench.say(GET)).toMatch(
      /^HTTP\/1.1 504 Connecting to example.org timed out\r\n[^]*could not be reached within 0.02 s/,
    );
    await bench.close();
    bench = new NetworkBench();
    const { Socket } = await import('node:net');
    const silent = new Socket();
    await bench.open({ limits, connect: () => silent });
    expect(await bench.say(GET)).toMatch(/^HTTP\/1.1 504 /);
    expect(silent.destroyed).toBe(true);
  });

  it('names a host that does not exist, or does not listen', async () => {
    await bench.open({ lookup: () => Promise.reject(new Error('ENOTFOUND')) });
    expect(await bench.say(GET)).toMatch(/^HTTP\/1.1 502 [^]*The name example.org does not exist/);
    await bench.close();
    bench = new NetworkBench();
    await bench.open();
    expect(await bench.say(GET)).toMatch(/^HTTP\/1.1 502 [^]*Could not connect to port 80/);
    expect(bench.warnings).toEqual([]);
  });

  it('ends a connection that sends nothing', async () => {
    await openWithServer({ limits: { idleTimeoutMs: 30, headersTimeoutMs: 20 } });
    const silent = bench.connect();
    await once(silent.resume(), 'end');
    silent.destroy();
    const tunnel = await openTunnel();
    await once(tunnel.resume(), 'end');
    tunnel.destroy();
  });

  it('refuses headers that are too large', async () => {
    await openWithServer();
    const request = lines('GET http://example.org/ HTTP/1.1', `X: ${'x'.repeat(20_000)}`, '', '');
    expect(await bench.say(request)).toMatch(/^HTTP\/1.1 431 /);
    expect(seen).toEqual([]);
  });

  it('bounds the lines in the log', async () => {
    await bench.open();
    for (let n = 0; n < 50; n += 1) {
      const host = `host${n}.example`;
      // oxlint-disable-next-line no-await-in-loop -- in order
      await bench.say(`GET http://${host}/secret-path HTTP/1.1\r\nConnection: close\r\n\r\n`);
    }
    expect(bench.warnings).toHaveLength(21);
    expect(bench.warnings.at(-1)).toMatch(/more requests were refused, which are not logged/);
    expect(bench.warnings.join()).not.toContain('secret');
  });
});

describe('Closing the gateway', () => {
  it('ends every connection to the agent and to hosts, and removes the socket', async () => {
    const hosts: Socket[] = [];
    const port = await bench.listen(
      createTcp((socket) => hosts.push(socket.on('error', () => undefined))),
    );
    await bench.open({}, { 80: port });
    const tunnel = await openTunnel();
    const waiting = bench.connect();
    waiting.write(GET);
    await eventually(() => hosts.length === 2);
    const ended = [
      once(tunnel, 'close'),
      once(waiting, 'close'),
      ...hosts.map((h) => once(h, 'close')),
    ];
    for (const socket of [tunnel, waiting, ...hosts]) socket.on('error', () => undefined).resume();
    await Promise.all([bench.closeGateway(), bench.closeGateway()]);
    for (const socket of hosts) socket.end();
    tunnel.end();
    waiting.end();
    await Promise.all(ended);
    const late = bench.connect();
    await expect(once(late, 'connect')).rejects.toThrow(/ENOENT/);
  });
});
