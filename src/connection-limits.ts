import type { Server } from 'node:http';

/** How long and how large Node lets a connection be before it ends it. */
export interface ConnectionLimits {
  /** How long a request's headers may take to arrive. */
  headersTimeoutMs: number;
  /** How long a whole request may take to arrive. An answer, such as a stream, may take any time. */
  requestTimeoutMs: number;
  /** How long a connection may stay open between two requests. */
  keepAliveTimeoutMs: number;
  /** How often connections are looked at for the first two. */
  checkIntervalMs: number;
  /** How many headers are read. Their size together has Node's own limit, 16 kB; beyond it is 431. */
  maxHeaders: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  // Longer than proxies keep theirs (nginx: 60 s), so that they never send into one that is being closed.
  keepAliveTimeoutMs: 65_000,
  checkIntervalMs: 5000,
  maxHeaders: 100,
};

/** Sets the limits on a server that does not listen yet. */
export function limitConnections(
  server: Server,
  limits: Readonly<ConnectionLimits> = CONNECTION_LIMITS,
): void {
  server.headersTimeout = limits.headersTimeoutMs;
  server.requestTimeout = limits.requestTimeoutMs;
  server.keepAliveTimeout = limits.keepAliveTimeoutMs;
  server.maxHeadersCount = limits.maxHeaders;
  // An option of createServer, which Nest calls without it; read when the server begins to listen.
  Object.assign(server, { connectionsCheckingInterval: limits.checkIntervalMs });
}
