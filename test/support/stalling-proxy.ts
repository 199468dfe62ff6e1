import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A proxy to a TCP server that can stop forwarding, as if a cable were unplugged. */
export interface StallingProxy {
  readonly port: number;
  /** The number of connections that were opened. */
  readonly opened: number;
  /** Stops forwarding on the existing connections; new ones work. */
  stall(): void;
  /** Stops forwarding on all connections, also on those that are opened meanwhile. Nothing is closed. */
  unplug(): void;
  /** Continues on all connections, and delivers what was sent meanwhile. */
  replug(): void;
  close(): Promise<void>;
}

interface Link {
  readonly near: Socket;
  readonly far: Socket;
}

/** @param own the port of the proxy; a free one when left out */
export async function startStallingProxy(
  host: string,
  port: number,
  own = 0,
): Promise<StallingProxy> {
  const sockets = new Set<Socket>();
  let links: Link[] = [];
  let waiting: Socket[] = [];
  let isUnplugged = false;
  let opened = 0;

  const hold = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const open = (near: Socket) => {
    const far = connect(port, host);
    hold(far);
    for (const socket of [near, far]) {
      socket.on('close', () => {
        // The other end of an unplugged cable does not notice that this one has closed.
        if (isUnplugged) return;
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.pipe(near);
    links.push({ near, far });
  };
  const server = createServer({ pauseOnConnect: true }, (near) => {
    opened += 1;
    hold(near);
    if (isUnplugged) waiting.push(near);
    else open(near);
  });
  server.listen(own, '127.0.0.1');
  await once(server, 'listening');

  const cut = (cutLinks: readonly Link[]) => {
    for (const socket of cutLinks.flatMap(({ near, far }) => [near, far])) {
      socket.unpipe();
      socket.pause();
    }
  };
  return {
    port: (server.address() as AddressInfo).port,
    get opened() {
      return opened;
    },
    stall: () => {
      cut(links);
      for (const { near, far } of links) {
        for (const socket of [near, far]) socket.removeAllListeners('close');
      }
      links = [];
    },
    unplug: () => {
      isUnplugged = true;
      cut(links);
    },
    replug: () => {
      isUnplugged = false;
      for (const { near, far } of links) {
        if (near.destroyed || far.destroyed) {
          near.destroy();
          far.destroy();
        } else {
          near.pipe(far);
          far.pipe(near);
        }
      }
      for (const near of waiting) if (!near.destroyed) open(near);
      waiting = [];
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      for (const { near, far } of links) for (const socket of [near, far]) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
