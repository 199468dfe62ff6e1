import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { World } from './world.js';

/** Opens a server of the case, which answers each connection with these bytes, and is closed at its end. */
export async function listen(world: World, at: string | number, answer: string): Promise<Server> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => undefined);
    socket.write(answer);
  });
  world.onEnd(() => {
    for (const socket of open) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  // All addresses of the machine, as a service of the server would have them.
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(typeof at === 'string' ? { path: at } : { port: at, host: '0.0.0.0' }, resolve);
  });
  return server;
}

/** Returns the port of a server. */
export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Opens a UDP socket that counts what it receives. */
export async function countDatagrams(world: World): Promise<{ port: number; count: () => number }> {
  const socket = createSocket('udp4');
  let count = 0;
  socket.on('message', () => (count += 1));
  socket.bind(0, '0.0.0.0');
  await once(socket, 'listening');
  world.onEnd(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  return { port: socket.address().port, count: () => count };
}

/** Returns the addresses of this machine, those of loopback first. */
export function ownAddresses(): string[] {
  const addresses = Object.values(networkInterfaces())
    .flat()
    .flatMap((one) => (one?.family === 'IPv4' ? [one.address] : []));
  return [...new Set(['127.0.0.1', 'localhost', '0.0.0.0', '127.0.0.2', ...addresses])];
}
