import assert from 'node:assert/strict';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { learntNothing, reachedNothing, says } from './expect.js';
import { countDatagrams, listen, ownAddresses, portOf } from './listeners.js';
import type { SandboxCases } from './sandbox-case.js';
import type { World } from './world.js';

/** Connects to each place of the arguments, as JSON for `net.connect`, and prints what they answer. */
const CONNECT = `
  const net = require('node:net');
  const ends = process.argv.slice(1).map((place) => new Promise((resolve) => {
    const socket = net.connect(JSON.parse(place));
    socket.setTimeout(5000, () => socket.destroy());
    socket.on('data', (bytes) => { process.stdout.write(bytes); socket.destroy(); });
    socket.on('error', () => resolve()).on('close', () => resolve());
  }));
  Promise.all(ends).then(() => console.log('\\nend'));
`;

/** Sends a datagram to each address at the port of the first argument. */
const SEND = `
  const [port, ...hosts] = process.argv.slice(1);
  const socket = require('node:dgram').createSocket('udp4').on('error', () => {});
  const sends = hosts.map((host) => new Promise((resolve) => {
    try { socket.send('datagram', Number(port), host, () => resolve()); } catch { resolve(); }
  }));
  Promise.all(sends).then(() => { socket.close(); console.log('end'); });
`;

/** Looks for a route to public addresses. Nothing is sent: connecting a UDP socket only chooses a route. */
const FIND_ROUTE = `
  const dgram = require('node:dgram');
  const tries = [['udp4', '198.51.100.1'], ['udp4', '169.254.169.254'], ['udp6', '2001:db8::1']].map(
    ([type, address]) => new Promise((resolve) => {
      const socket = dgram.createSocket(type).on('error', () => resolve());
      socket.connect(9, address, (error) => {
        if (!error) console.log('reached a route to ' + address);
        socket.close(() => resolve());
      });
    }),
  );
  Promise.all(tries).then(() => console.log('end'));
`;

/** Asks a DNS server for a name. */
const RESOLVE = `
  const { Resolver } = require('node:dns').promises;
  const resolver = new Resolver({ timeout: 200, tries: 1 });
  resolver.setServers(process.argv.slice(1));
  resolver.resolve4('data.example.org').catch(() => {}).then(() => console.log('end'));
`;

const place = (value: object) => JSON.stringify(value);

async function reachesNothing(world: World, places: readonly object[]): Promise<void> {
  learntNothing(world, await world.node(CONNECT, { args: places.map(place) }));
}

/** Attempts to reach the network and the sockets of the machine. */
export const networkCases: SandboxCases = [
  [
    'no TCP port of this machine can be reached',
    async (world) => {
      const port = portOf(await listen(world, 0, world.secret));
      await reachesNothing(
        world,
        ownAddresses().map((host) => ({ host, port })),
      );
    },
  ],
  [
    'no TCP port of this machine can be reached where there is a proxy',
    async (world) => {
      const proxySocket = join(world.folder, 'proxy.sock');
      await listen(world, proxySocket, '');
      const port = portOf(await listen(world, 0, world.secret));
      const args = ownAddresses().map((host) => place({ host, port }));
      const walls = { proxySocket };
      learntNothing(world, await world.node(CONNECT, { args, walls }));
      reachedNothing(await world.node(FIND_ROUTE, { walls }));
    },
  ],
  [
    'no datagram leaves',
    async (world) => {
      const { port, count } = await countDatagrams(world);
      const outcome = await world.node(SEND, { args: [String(port), ...ownAddresses()] });
      assert.match(outcome.stdout, /end/, outcome.stderr);
      assert.equal(count(), 0, 'A datagram arrived outside.');
    },
  ],
  [
    'no DNS server can be asked',
    async (world) => {
      const { port, count } = await countDatagrams(world);
      const outcome = await world.node(RESOLVE, { args: [`127.0.0.1:${port}`] });
      assert.match(outcome.stdout, /end/, outcome.stderr);
      assert.equal(count(), 0, 'A question arrived at a DNS server.');
    },
  ],
  [
    'there is no route to a public address, nor to the metadata address of a cloud',
    async (world) => reachedNothing(await world.node(FIND_ROUTE)),
  ],
  [
    'a Unix socket that is not listed cannot be connected to',
    async (world) => {
      const path = join(world.server, 'server.sock');
      await listen(world, path, world.secret);
      await reachesNothing(world, [{ path }, { path: '../server/server.sock' }]);
    },
  ],
  [
    'an abstract Unix socket cannot be connected to',
    async (world) => {
      // Only Linux has them.
      if (process.platform !== 'linux') return;
      const path = `\0sandbox-case-${world.id}`;
      await listen(world, path, world.secret);
      await reachesNothing(world, [{ path }]);
    },
  ],
  [
    'a listed Unix socket can be connected to, and cannot be removed or replaced',
    async (world) => {
      const path = join(world.folder, 'model.sock');
      await listen(world, path, 'answer');
      const walls = { sockets: [path] };
      const outcome = await world.node(CONNECT, { args: [place({ path })], walls });
      says(outcome, 'answer\nend\n');
      const script =
        'rm -f "$1"; mv "$1" moved; ln -sf x "$1"; ( : > "$1" ); chmod 0 "$1"; echo end';
      says({ ...(await world.shell(script, { args: [path], walls })), stderr: '' }, 'end\n');
      const after = await stat(path);
      assert.ok(after.isSocket(), 'The program inside replaced the socket.');
      assert.notEqual(after.mode & 0o777, 0, 'The program inside changed the mode of the socket.');
    },
  ],
  [
    'the proxy can be reached by the variables of its address, and there is none without a proxy',
    async (world) => {
      const proxySocket = join(world.folder, 'proxy.sock');
      const proxy = createServer((request, response) => response.end(`proxied ${request.url}`));
      world.onEnd(() => {
        proxy.closeAllConnections();
        return new Promise((resolve) => proxy.close(resolve));
      });
      proxy.listen(proxySocket);
      await once(proxy, 'listening');
      const script = `
        const { HTTP_PROXY, HTTPS_PROXY } = process.env;
        if (!HTTP_PROXY || !HTTPS_PROXY) console.log('none');
        else require('node:http').get(HTTP_PROXY, { path: 'http://example.org/', agent: false }, (response) =>
          response.pipe(process.stdout));
      `;
      says(await world.node(script, { walls: { proxySocket } }), 'proxied http://example.org/');
      says(await world.node(script), 'none\n');
    },
  ],
];
