import { chmod } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { EngineLogger } from '../../engine/engine-logger.js';
import { answerRefusal, forwardHttp, readTarget } from './forward-http.js';
import {
  type Connect,
  connectByTcp,
  type Lookup,
  lookupByDns,
  Reach,
  type Target,
} from './reach.js';
import { invalidRequest, protocolRefused } from './refusal.js';
import { RefusalLog } from './refusal-log.js';
import { endTunnel, join, readAuthority, readOpening, refuseTunnel } from './tunnel.js';

export interface NetworkGatewayLimits {
  /** Maximum number of connections to hosts at the same time. @default 64 */
  readonly maxConnections: number;
  /** How long resolving a name and connecting may take together, in milliseconds. @default 15 s */
  readonly connectTimeoutMs: number;
  /** How long a request's headers, and the first bytes in a tunnel, may take, in milliseconds. @default 15 s */
  readonly headersTimeoutMs: number;
  /** How long a connection may transfer nothing before it is closed, in milliseconds. @default 10 min */
  readonly idleTimeoutMs: number;
  /** Maximum size of a request's headers, in bytes. @default 16 KiB */
  readonly maxHeaderBytes: number;
}

export interface NetworkGatewayOptions {
  /** The path of the Unix socket, in a folder that only this server can enter. */
  readonly socket: string;
  /** The permitted hosts, as in the option `network.allow`. */
  readonly allow: readonly string[];
  /** The id of the session, for the log. */
  readonly sessionId: string;
  readonly logger: Pick<EngineLogger, 'warn'>;
  /** Resolves a name. @default the DNS servers of this machine */
  readonly lookup?: Lookup;
  /** Connects to one of the checked addresses. @default TCP */
  readonly connect?: Connect;
  readonly limits?: Partial<NetworkGatewayLimits>;
}

export interface NetworkGateway {
  /** Ends all connections, and removes the socket. Resolves when nothing is left. May be called repeatedly. */
  close(): Promise<void>;
}

const LIMITS: NetworkGatewayLimits = {
  maxConnections: 64,
  connectTimeoutMs: 15_000,
  headersTimeoutMs: 15_000,
  idleTimeoutMs: 10 * 60_000,
  maxHeaderBytes: 16_384,
};

/**
 * Opens the HTTP proxy of one agent, which reaches the permitted hosts and nothing else. It forwards
 * two protocols: HTTP, with the header `Host` of the permitted name, and TLS that is opened for this
 * name. It connects to public addresses only.
 *
 * @throws TypeError when an entry of `allow` is invalid; Error when the socket cannot be opened
 */
export async function openNetworkGateway(options: NetworkGatewayOptions): Promise<NetworkGateway> {
  const gateway = new Gateway(options);
  await gateway.listen(options.socket);
  return gateway;
}

class Gateway implements NetworkGateway {
  readonly #limits: NetworkGatewayLimits;
  readonly #reach: Reach;
  readonly #log: RefusalLog;
  readonly #proxy: Server;
  /** Reads HTTP in tunnels. It does not listen. */
  readonly #inTunnels: Server;
  /** The targets of the tunnels in which the agent speaks HTTP. */
  readonly #targets = new WeakMap<Socket, Target>();
  /** The agent's connections. */
  readonly #sockets = new Set<Socket>();
  #closed: Promise<void> | null = null;

  constructor({ allow, sessionId, logger, lookup, connect, limits }: NetworkGatewayOptions) {
    this.#limits = { ...LIMITS, ...limits };
    this.#reach = new Reach({
      allow,
      lookup: lookup ?? lookupByDns,
      connect: connect ?? connectByTcp,
      ...this.#limits,
    });
    this.#log = new RefusalLog(sessionId, logger);
    this.#proxy = this.#createServer((request) => this.#targetOf(request));
    this.#inTunnels = this.#createServer((request) => this.#targetInTunnel(request));
    this.#proxy.on('connection', (socket: Socket) => this.#adopt(socket));
    this.#proxy.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      void this.#tunnel(request, socket, head);
    });
    // Requests that exceed the number of connections are refused in words. More are not even read.
    this.#proxy.maxConnections = this.#limits.maxConnections * 2;
  }

  async listen(socket: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#proxy.once('error', reject);
      this.#proxy.listen(socket, () => {
        this.#proxy.off('error', reject);
        this.#proxy.on('error', (error) => this.#log.failed(error));
        resolve();
      });
    });
    await chmod(socket, 0o600);
  }

  close(): Promise<void> {
    this.#closed ??= new Promise<void>((resolve) => {
      this.#proxy.close(() => resolve());
      this.#reach.close();
      for (const socket of this.#sockets) socket.destroy();
    });
    return this.#closed;
  }

  #createServer(read: (request: IncomingMessage) => { target: Target; path: string }): Server {
    const { maxHeaderBytes, headersTimeoutMs, idleTimeoutMs } = this.#limits;
    const onRequest = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      try {
        await forwardHttp(request, response, read(request), this.#reach);
      } catch (error) {
        this.#log.refused(error);
        answerRefusal(response, error);
      }
    };
    return createServer(
      {
        maxHeaderSize: maxHeaderBytes,
        headersTimeout: headersTimeoutMs,
        requireHostHeader: false, // it is not used
        requestTimeout: 0, // an upload may take long, while it transfers something
        keepAliveTimeout: headersTimeoutMs,
        connectionsCheckingInterval: headersTimeoutMs,
      },
      (request, response) => void onRequest(request, response),
    ).setTimeout(idleTimeoutMs);
  }

  #targetOf({ url = '' }: IncomingMessage): { target: Target; path: string } {
    const { host, port, path } = readTarget(url);
    return { target: this.#reach.permit(host, port), path };
  }

  #targetInTunnel({ url = '', socket }: IncomingMessage): { target: Target; path: string } {
    const target = this.#targets.get(socket);
    if (!target || !url.startsWith('/')) {
      throw invalidRequest('In a tunnel, the URL of a request must begin with a slash.');
    }
    return { target, path: url };
  }

  #adopt(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  }

  async #tunnel({ url = '' }: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const { headersTimeoutMs, idleTimeoutMs } = this.#limits;
    let host: Socket;
    let target: Target;
    try {
      const authority = readAuthority(url);
      if (!authority) throw invalidRequest('CONNECT needs a host name and a port.');
      target = this.#reach.permit(authority.host, authority.port);
      host = await this.#reach.open(target);
    } catch (error) {
      this.#log.refused(error);
      refuseTunnel(socket, error);
      return;
    }
    const endHost = (): void => void host.destroy();
    const endAgent = (): void => socket.destroySoon();
    socket.setTimeout(idleTimeoutMs, () => socket.destroy());
    socket.once('close', endHost);
    host.once('close', endAgent);
    if (socket.destroyed) endHost();
    if (head.length > 0) socket.unshift(head);
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    const opening = await readOpening(socket, target, headersTimeoutMs).catch(() => null);
    if (opening === 'tls') {
      join(socket, host);
      return;
    }
    // Each HTTP request opens a connection of its own.
    host.off('close', endAgent);
    endHost();
    if (opening === 'http') {
      this.#targets.set(socket, target);
      this.#inTunnels.emit('connection', socket);
      socket.resume(); // delivers the bytes that were read before
    } else if (opening === 'other') {
      this.#log.refused(protocolRefused(target.name));
      endTunnel(socket);
    } else socket.destroy();
  }
}
