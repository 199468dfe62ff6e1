import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import type { Server as TcpServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ModelOutages } from '../../src/agent-webkit/gateway/model/outages.js';
import { findProxy } from '../../src/agent-webkit/gateway/model/tunnel-agent.js';
import { eventually } from '../support/eventually.js';
import { errorOf, messageEvents, ModelBench } from './model-bench.js';

let bench: ModelBench;
let servers: (Server | TcpServer)[] = [];
beforeEach(async () => {
  bench = await ModelBench.start();
});
afterEach(async () => {
  await bench.close();
  const open = servers;
  servers = [];
  for (const server of open) {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  }
});

async function listen(server: Server | TcpServer): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const KEY = { ANTHROPIC_API_KEY: 'sk-real-key' };

describe('The model gateway', () => {
  it('answers 502 and 504 in the shape of the API, without an address', async () => {
    const silent = await listen(createTcpServer(() => {}));
    const rude = await listen(createTcpServer((socket) => socket.destroy()));
    const wrong = await listen(createTcpServer((socket) => socket.end('SSH-2.0-x\r\n')));
    const cases: [string, number, string][] = [
      [`http://127.0.0.1:${silent}`, 504, "The model's server did not answer in time."],
      [`http://127.0.0.1:${rude}`, 502, "The connection to the model's server was closed"],
      [`http://127.0.0.1:${wrong}`, 502, "The connection to the model's server was closed"],
      [`https://127.0.0.1:${rude}`, 502, "The connection to the model's server was closed"],
      [`https://127.0.0.1:${wrong}`, 502, "The connection to the model's server is not secure"],
      [`https://127.0.0.1:${silent}`, 504, "The model's server could not be connected to in time."],
      ['http://model.invalid', 502, "The name of the model's server could not be resolved"],
    ];
    for (const [url, status, words] of cases) {
      // oxlint-disable-next-line no-await-in-loop -- one socket
      const gateway = await bench.open({
        environment: { ...KEY, ANTHROPIC_BASE_URL: url },
        connectTimeoutMs: 300,
        idleTimeoutMs: 300,
      });
      // oxlint-disable-next-line no-await-in-loop
      const answer = await bench.call();
      expect([url, answer.status, errorOf(answer).message]).toEqual([
        url,
        status,
        expect.stringContaining(words),
      ]);
      expect(answer.body).not.toMatch(/127\.0\.0\.1|model\.invalid/);
      expect(answer.headers['retry-after']).toBe('1');
      // oxlint-disable-next-line no-await-in-loop
      await gateway.close();
    }
  });

  it('ends a response that is silent for too long', async () => {
    bench.respond = (_, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(messageEvents()[0]);
    };
    await bench.open({ idleTimeoutMs: 200 });
    await expect(bench.call()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(bench.meter.tokens).toBe(10 + 1 + 3);
  });

  it('logs an outage once, for all agents, and its end', async () => {
    const lines: string[] = [];
    const log = (message: string) => void lines.push(message);
    const outages = new ModelOutages({ log, warn: log, error: log });
    let isDown = true;
    bench.respond = (_, res) => {
      if (isDown) res.destroy();
      else res.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    };
    await bench.open({ outages });
    for (let count = 0; count < 5; count += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await bench.call()).status).toBe(502);
    }
    expect(lines).toEqual([
      "Model outage: The connection to the model's server was closed (ECONNRESET). Agents retry until it is over.",
    ]);
    isDown = false;
    await bench.call();
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(/^The model responds again, after an outage of about \d+ s\.$/),
    ]);
  });

  it.each([400, 401, 403, 404, 413, 429, 500, 529])(
    'passes on an error %i of the model, without the credentials that it repeats',
    async (status) => {
      bench.respond = (_, res) => {
        res.writeHead(status, { 'content-type': 'application/json', 'retry-after': '7' });
        res.end('{"type":"error","error":{"message":"Invalid key sk-real-key or token secret-1"}}');
      };
      await bench.open({
        environment: {
          ...KEY,
          ANTHROPIC_BASE_URL: bench.url,
          ANTHROPIC_CUSTOM_HEADERS: 'X-Key: Bearer secret-1',
        },
      });
      const answer = await bench.call();
      expect(answer.status).toBe(status);
      expect(answer.headers['retry-after']).toBe('7');
      expect(errorOf(answer).message).toBe('Invalid key [removed] or token [removed]');
    },
  );

  it('keeps connections to the model, and closes them when it is closed', async () => {
    let connections = 0;
    let closed = 0;
    const server = createHttpServer((req, res) => {
      req.resume().on('end', () => res.end('{}'));
    }).on('connection', (socket) => {
      connections += 1;
      socket.on('close', () => (closed += 1));
    });
    const url = `http://127.0.0.1:${await listen(server)}`;
    const gateway = await bench.open({ environment: { ...KEY, ANTHROPIC_BASE_URL: url } });
    await bench.call();
    await bench.call();
    await bench.call();
    expect(connections).toBe(1);
    await gateway.close();
    await eventually(() => closed === 1);
  });

  describe('over TLS', () => {
    let port: number;
    let certificate: string;
    beforeEach(async () => {
      certificate = await makeCertificate(bench.folder);
      const server = createHttpsServer(
        {
          cert: await readFile(certificate),
          key: await readFile(join(bench.folder, 'model.key')),
        },
        (_, res) => res.end('{"type":"message"}'),
      );
      port = await listen(server);
    });

    it('refuses a certificate that it does not know', async () => {
      await bench.open({
        environment: { ...KEY, ANTHROPIC_BASE_URL: `https://localhost:${port}` },
      });
      const answer = await bench.call();
      expect(answer.status).toBe(502);
      expect(errorOf(answer).message).toBe(
        "The connection to the model's server is not secure, see NODE_EXTRA_CA_CERTS (DEPTH_ZERO_SELF_SIGNED_CERT).",
      );
    });

    it('accepts the certificates of NODE_EXTRA_CA_CERTS', async () => {
      await bench.open({
        environment: {
          ...KEY,
          ANTHROPIC_BASE_URL: `https://localhost:${port}`,
          NODE_EXTRA_CA_CERTS: certificate,
        },
      });
      expect((await bench.call()).body).toBe('{"type":"message"}');
    });

    it('names the variable of a file that cannot be read', async () => {
      const environment = { ...KEY, NODE_EXTRA_CA_CERTS: '/missing.pem' };
      await expect(bench.open({ environment })).rejects.toThrow(
        'The file that NODE_EXTRA_CA_CERTS names cannot be read (ENOENT).',
      );
    });

    it('reaches the model through the proxy of HTTPS_PROXY', async () => {
      const tunnels: unknown[] = [];
      const proxy = createHttpServer().on('connect', (req, socket: Duplex) => {
        tunnels.push([req.url, req.headers['proxy-authorization']]);
        // The name leads nowhere: only the proxy knows the server.
        const server = connect(port, '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          socket.pipe(server).pipe(socket);
        });
        server.on('error', () => socket.destroy());
        socket.on('error', () => server.destroy());
      });
      const proxyPort = await listen(proxy);
      await bench.open({
        environment: {
          ...KEY,
          NO_PROXY: '',
          ANTHROPIC_BASE_URL: 'https://model.test',
          HTTPS_PROXY: `http://user:p%40ss@127.0.0.1:${proxyPort}`,
          NODE_EXTRA_CA_CERTS: certificate,
        },
      });
      expect((await bench.call()).body).toBe('{"type":"message"}');
      expect((await bench.call()).status).toBe(200);
      expect(tunnels).toEqual([
        ['model.test:443', `Basic ${Buffer.from('user:p@ss').toString('base64')}`],
      ]);
    });

    it('answers 502 when the proxy opens no tunnel', async () => {
      const proxy = createHttpServer().on('connect', (_, socket: Duplex) => {
        socket.end('HTTP/1.1 407 Authenticate\r\ncontent-length: 0\r\n\r\n');
      });
      const proxyPort = await listen(proxy);
      await bench.open({
        environment: {
          ...KEY,
          NO_PROXY: '',
          ANTHROPIC_BASE_URL: 'https://model.test',
          HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`,
        },
      });
      const answer = await bench.call();
      expect([answer.status, errorOf(answer).message]).toEqual([
        502,
        'The proxy of this server did not connect to the model (PROXY).',
      ]);
    });
  });
});

describe('The proxy to the model', () => {
  const url = new URL('https://api.anthropic.com/v1/messages');
  const href = (environment: Record<string, string>, server: Record<string, string> = {}) =>
    findProxy(url, environment, server)?.href ?? null;

  it('is that of the environment, else that of the server', () => {
    expect(href({})).toBeNull();
    expect(href({ HTTPS_PROXY: 'http://a:1' })).toBe('http://a:1/');
    expect(href({ https_proxy: 'a:1' })).toBe('http://a:1/');
    expect(href({ HTTP_PROXY: 'http://a:1' })).toBe('http://a:1/');
    expect(href({}, { HTTPS_PROXY: 'http://b:2' })).toBe('http://b:2/');
    expect(href({ HTTPS_PROXY: 'http://a:1' }, { HTTPS_PROXY: 'http://b:2' })).toBe('http://a:1/');
    expect(href({ HTTPS_PROXY: 'socks5://a:1' })).toBeNull();
  });

  it.each(['*', 'api.anthropic.com', '.anthropic.com', '*.anthropic.com', 'x, anthropic.com:443'])(
    'is not used for a host of NO_PROXY=%s',
    (NO_PROXY) => {
      expect(href({ HTTPS_PROXY: 'http://a:1', NO_PROXY })).toBeNull();
    },
  );

  it('is not used for loopback, nor kept from similar names', () => {
    const environment = { HTTPS_PROXY: 'http://a:1', NO_PROXY: 'thropic.com' };
    expect(findProxy(url, environment, {})).not.toBeNull();
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      expect(findProxy(new URL(`http://${host}:1/`), environment, {})).toBeNull();
    }
  });
});

/** Makes a certificate for the names of these tests, which signs itself. Returns its path. */
async function makeCertificate(folder: string): Promise<string> {
  const config = join(folder, 'openssl.cnf');
  await writeFile(config, '[req]\ndistinguished_name=name\n[name]\n');
  const certificate = join(folder, 'model.crt');
  const args =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost ' +
    '-addext subjectAltName=DNS:localhost,DNS:model.test';
  const files = ['-config', config, '-keyout', join(folder, 'model.key'), '-out', certificate];
  await promisify(execFile)('openssl', [...args.split(' '), ...files]);
  return certificate;
}
