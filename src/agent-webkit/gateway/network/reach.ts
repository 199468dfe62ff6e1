import { Resolver } from 'node:dns/promises';
import { connect as connectSocket, isIPv4, type Socket } from 'node:net';
import { parsePermittedHost, canonicalHostName, permitsHost } from '../../engine/permitted-host.js';
import type { PermittedHost } from '../../engine/permitted-host.js';
import { isPublicAddress } from './public-address.js';
import {
  addressRefused,
  connectTimedOut,
  hostRefused,
  noHostName,
  notConnected,
  notResolved,
  portRefused,
  tooManyConnections,
} from './refusal.js';

/** A host and a port that the agent may reach. */
export interface Target {
  /** A canonical DNS name. */
  readonly name: string;
  readonly port: number;
}

/** Resolves a name to all its addresses. Rejects when it has none. */
export type Lookup = (name: string) => Promise<readonly string[]>;

/** Opens a connection to one of the addresses, which have been checked, and to no other. */
export type Connect = (target: Target & { readonly addresses: readonly string[] }) => Socket;

export interface ReachOptions {
  readonly allow: readonly string[];
  readonly lookup: Lookup;
  readonly connect: Connect;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
}

/** The hosts that an agent may reach, and its connections to them. */
export class Reach {
  readonly #options: ReachOptions;
  readonly #permitted: readonly PermittedHost[];
  readonly #open = new Set<Socket>();
  /** The connections that are open or being opened. */
  #connections = 0;
  #isClosed = false;

  constructor(options: ReachOptions) {
    this.#options = options;
    this.#permitted = options.allow.map((entry) => {
      const permitted = parsePermittedHost(entry);
      if (!permitted) throw new TypeError(`Not a host for network.allow: '${entry}'.`);
      return permitted;
    });
  }

  /**
   * Returns the target that a request names.
   *
   * @throws Refusal when the agent may not reach it
   */
  permit(host: string, port: number): Target {
    const name = canonicalHostName(host);
    if (name === null) throw noHostName();
    const entries = this.#permitted.filter((entry) => permitsHost(entry, name));
    if (entries.length === 0) throw hostRefused(name);
    const ports = [...new Set(entries.flatMap((entry) => entry.ports))];
    if (!ports.includes(port)) throw portRefused(name, port, ports);
    return { name, port };
  }

  /**
   * Resolves to a connection to a target. The name is resolved once: an address is connected to only
   * after it was checked.
   *
   * @throws Refusal when its name leads to no public address, or it cannot be connected to in time
   */
  async open(target: Target): Promise<Socket> {
    const { maxConnections, connectTimeoutMs } = this.#options;
    if (this.#connections >= maxConnections) throw tooManyConnections(maxConnections);
    this.#connections += 1;
    const timeout = AbortSignal.timeout(connectTimeoutMs);
    try {
      const socket = await this.#connect(target, timeout);
      socket.once('close', () => (this.#connections -= 1));
      return socket;
    } catch (error) {
      this.#connections -= 1;
      throw timeout.aborted ? connectTimedOut(target.name, connectTimeoutMs) : error;
    }
  }

  /** Ends all connections, and opens no more. */
  close(): void {
    this.#isClosed = true;
    for (const socket of this.#open) socket.destroy();
  }

  async #connect(target: Target, timeout: AbortSignal): Promise<Socket> {
    const { lookup, connect } = this.#options;
    const { name, port } = target;
    const found = await abortable(lookup(name), timeout).catch((cause: unknown) => {
      throw notResolved(name, cause);
    });
    const addresses = found.filter(isPublicAddress);
    if (addresses.length === 0) throw addressRefused(name);
    timeout.throwIfAborted();
    if (this.#isClosed) throw notConnected(name, port, null);
    const socket = connect({ ...target, addresses });
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    try {
      await abortable(connected(socket), timeout);
    } catch (cause) {
      socket.destroy();
      throw notConnected(name, port, cause);
    }
    return socket;
  }
}

/** Resolves a name by the DNS servers of this machine. */
export const lookupByDns: Lookup = async (name) => {
  // Unlike `dns.lookup`, it takes no thread from other work of the process, however slow the servers are.
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const addresses = answers.flatMap((answer) =>
    answer.status === 'fulfilled' ? answer.value : [],
  );
  if (addresses.length > 0) return addresses;
  throw new Error(
    `No addresses: ${answers.map((a) => a.status === 'rejected' && a.reason).join()}`,
  );
};

/** How long one of several addresses may take before the next one is tried. */
const ATTEMPT_TIMEOUT_MS = 1000;

/** Opens a TCP connection to the first address that answers. */
export const connectByTcp: Connect = ({ name, port, addresses }) =>
  connectSocket({
    host: name,
    port,
    lookup: (_name, _options, found) =>
      found(
        null,
        addresses.map((address) => ({ address, family: isIPv4(address) ? 4 : 6 })),
      ),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ATTEMPT_TIMEOUT_MS,
    allowHalfOpen: true,
  });

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('The connection was closed.')));
  });
}

/** Resolves as the promise does, and rejects when the signal aborts earlier. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
