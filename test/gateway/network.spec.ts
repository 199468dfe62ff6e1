import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NetworkBench, PUBLIC_ADDRESS, readUntil } from './support/network-bench.js';

let bench: NetworkBench;
beforeEach(() => {
  bench = new NetworkBench();
});
afterEach(() => bench.close());

const get = (url: string, ...headers: string[]): string =>
  [`GET ${url} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n');
const connectTo = (authority: string): string => `CONNECT ${authority} HTTP/1.1\r\nHost: x\r\n\r\n`;

describe('A request over HTTP', () => {
  it('reaches a permitted host, with the name of this host and without headers for the proxy', async () => {
    const seen: unknown[] = [];
    const port = await bench.serve((request, response) => {
      seen.push(request.method, request.url, request.headers);
      response.end('hello');
    });
    await bench.open({}, { 80: port });
    const answer = await bench.say(
      get(
        'http://EXAMPLE.org./a/../b?c=%20d',
        'Host: evil.example',
        'Proxy-Authorization: Basic c2VjcmV0',
        'Connection: x-mine',
        'X-Mine: 1',
        'X-Kept: 2',
      ),
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*hello/);
    expect(seen).toEqual([
      'GET',
      '/a/../b?c=%20d',
      { host: 'example.org', connection: 'close', 'x-kept': '2' },
    ]);
    expect(bench.reached).toEqual([`${PUBLIC_ADDRESS}:80`]);
  });

  it.each(['http://other.example/', 'http://sub.example.org/', 'http://example.org.evil.com/'])(
    'is refused with a sentence for the agent, and one line in the log: %s',
    async (url) => {
      await bench.open();
      const { hostname } = new URL(url);
      const answers = [await bench.say(get(url)), await bench.say(get(url))];
      for (const answer of answers) {
        expect(answer).toMatch(/^HTTP\/1.1 403 Host \S+ is not permitted by network.allow\r\n/);
        expect(answer).toContain(
          `The host ${hostname} is not permitted. The operator of this server permits hosts by the option ` +
            '`network.allow`.',
        );
      }
      expect(bench.warnings).toEqual([
        `Network of session a-session: refused a request. Host ${hostname} is not permitted by network.allow.`,
      ]);
      expect(bench.reached).toEqual([]);
    },
  );
});

describe('A tunnel', () => {
  it.each(['other.example:443', 'example.org:22', '127.0.0.1:443', '[::1]:443', '2130706433:443'])(
    'is refused: %s',
    async (authority) => {
      await bench.open();
      expect(await bench.say(connectTo(authority))).toMatch(/^HTTP\/1.1 403 .+network.allow/);
      expect(bench.reached).toEqual([]);
    },
  );

  it('forwards HTTP with the name of its host', async () => {
    const hosts: unknown[] = [];
    const port = await bench.serve((request, response) => {
      hosts.push(request.headers.host);
      response.end('hello');
    });
    await bench.open({}, { 80: port });
    const socket = bench.connect();
    socket.write(connectTo('example.org:80'));
    await readUntil(socket, '\r\n\r\n');
    socket.write(get('/', 'Host: evil.example'));
    expect(await readUntil(socket, 'hello')).toMatch(/^HTTP\/1.1 200/);
    expect(hosts).toEqual(['example.org']);
    socket.destroy();
  });
});
