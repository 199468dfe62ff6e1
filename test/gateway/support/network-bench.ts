import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttp, type RequestListener, Server } from 'node:http';
import { connect, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type NetworkGateway,
  type NetworkGatewayOptions,
  openNetworkGateway,
} from '../../../src/agent-webkit/gateway/network/network-gateway.js';

export const PUBLIC_ADDRESS = '93.184.215.14';

/** A gateway on a socket of its own. Every connection to a host goes to a server of the test on loopback. */
export class NetworkBench {
  readonly warnings: string[] = [];
  /** The targets that the gateway connected to, such as `93.184.215.14:443`. */
  readonly reached: string[] = [];
  socket = '';
  #gateway: NetworkGateway | null = null;
  readonly #servers: NetServer[] = [];
  #folder = '';

  /** @param ports the ports on loopback that stand for the ports of all hosts */
  async open(
    options: Partial<NetworkGatewayOptions> = {},
    ports: Record<number, number> = {},
  ): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'network-'));
    this.socket = join(this.#folder, 'net.sock');
    this.#gateway = await openNetworkGateway({
      socket: this.socket,
      allow: ['example.org'],
      sessionId: 'a-session',
      logger: { warn: (line) => this.warnings.push(line) },
      lookup: () => Promise.resolve([PUBLIC_ADDRESS]),
      connect: ({ addresses, port }) => {
        this.reached.push(`${addresses.join()}:${port}`);
        return connect({ host: '127.0.0.1', port: ports[port] ?? 1, allowHalfOpen: true });
      },
      ...options,
    });
  }

  /** Starts an HTTP server on loopback. Resolves to its port. */
  async serve(listener: RequestListener): Promise<number> {
    return this.listen(createHttp(listener));
  }

  async listen(server: Server | NetServer): Promise<number> {
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  async closeGateway(): Promise<void> {
    await this.#gateway?.close();
  }

  async close(): Promise<void> {
    await this.closeGateway();
    for (const server of this.#servers) {
      if (server instanceof Server) server.closeAllConnections();
      server.close();
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  readonly connect = (): Socket => connect({ path: this.socket, allowHalfOpen: true });

  /** Sends bytes to the gateway. Resolves to everything that it answers until it ends the connection. */
  async say(text: string | Buffer): Promise<string> {
    const socket = this.connect();
    socket.write(text);
    return readToEnd(socket);
  }
}

export function readToEnd(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let read = '';
    socket.setEncoding('latin1');
    socket.on('data', (text) => (read += text));
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => resolve(read));
  });
}

/** Resolves when the text read from the socket so far contains an end. */
export function readUntil(socket: Socket, end: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let read = '';
    const onData = (bytes: Buffer): void => {
      read += bytes.toString('latin1');
      if (!read.includes(end)) return;
      socket.off('data', onData).off('close', onClose);
      resolve(read);
    };
    const onClose = (): void => reject(new Error(`Closed after ${JSON.stringify(read)}`));
    socket.on('data', onData).on('close', onClose);
  });
}
