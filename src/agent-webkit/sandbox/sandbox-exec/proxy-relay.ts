import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A port on loopback that leads to the socket of a proxy. */
export interface ProxyRelay {
  readonly port: number;
  close(): void;
}

/** The largest number of connections at a time. */
const MAX_CONNECTIONS = 128;

/**
 * Opens a port of loopback that relays to a Unix socket. macOS has no network namespaces, and HTTP clients find
 * their proxy by a port. The profile lets a program connect to the port of its own proxy, and to no other.
 */
export function openProxyRelay(socketPath: string): Promise<ProxyRelay> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true }, (inside) => {
    const proxy = connect({ path: socketPath, allowHalfOpen: true });
    keep(inside);
    keep(proxy);
    inside.on('error', () => proxy.destroy()).pipe(proxy);
    proxy.on('error', () => inside.destroy()).pipe(inside);
    inside.on('close', () => proxy.destroy());
    proxy.on('close', () => inside.end());
  });
  server.maxConnections = MAX_CONNECTIONS;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () =>
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () => {
          server.close();
          for (const socket of sockets) socket.destroy();
        },
      }),
    );
  });
}
