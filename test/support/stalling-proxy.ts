import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A proxy to a TCP server that can stop forwarding, as if a cable were unplugged. */
export interface StallingProxy {
  readonly port: number;
  /** Stops forwarding on the existing connections; new ones work. */
  stall(): void;
  close(): Promise<void>;
}

export async function startStallingProxy(host: string, port: number): Promise<StallingProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, host);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stall: () => {
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
        // The other end must not notice that this one has closed.
        socket.removeAllListeners('close');
      }
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
