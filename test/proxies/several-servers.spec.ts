import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { readAll } from './held-agent-server.js';
import { NGINX, type Proxy } from './proxies.js';
import { describeBehind, findBlock, StartedProxy } from './started-proxy.js';

/** Starts a server that answers with its name. */
async function startNamed(name: string): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    response.end(name);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

describeBehind(NGINX)('The nginx configuration for more than one server', () => {
  let servers: Server[];
  let started: StartedProxy;
  beforeEach(async () => {
    servers = await Promise.all(['one', 'two'].map(startNamed));
    const balancer: Proxy = {
      ...NGINX,
      scheme: 'http',
      replacements: ({ port }) => [
        ['listen 80', `listen 127.0.0.1:${port}`],
        ...servers.map(
          (server, index) => [`10.0.0.${index + 1}:3000`, `127.0.0.1:${portOf(server)}`] as const,
        ),
      ],
    };
    started = await StartedProxy.start(balancer, findBlock(NGINX, 'docs/cluster.md'), 0);
  });
  afterEach(async () => {
    await started?.stop();
    for (const server of servers) server.close();
  });

  const ask = async (path: string) => {
    const { text } = await readAll(started.connect(), { path });
    return text;
  };

  it('spreads the requests of one session over the servers', async () => {
    const path = `/sessions/${randomUUID()}`;
    const names = await Promise.all(Array.from({ length: 20 }, () => ask(path)));

    expect(new Set(names)).toEqual(new Set(['one', 'two']));
  });

  it('sends every request to the other server when one is gone', async () => {
    const [gone] = servers;
    gone?.close();
    gone?.closeAllConnections();
    const names = await Promise.all(Array.from({ length: 20 }, () => ask('/sessions')));

    expect(new Set(names)).toEqual(new Set(['two']));
  });
});
