import type { Server } from 'node:http';

/** The limits after which Node closes a connection. */
export interface ConnectionLimits {
  /** How long a request's headers may take to arrive. */
  headersTimeoutMs: number;
  /** How long a whole request may take to arrive. Responses, such as a stream, are not limited. */
  requestTimeoutMs: number;
  /** How long a connection may stay open between two requests. */
  keepAliveTimeoutMs: number;
  /** How often the two timeouts above are checked. */
  checkIntervalMs: number;
  /** The number of headers that are read. Their total size has Node's own limit of 16 kB (status 431). */
  maxHeaders: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  // Longer than that of proxies (nginx: 60 s), so that they never send into a connection that is closing.
  keepAliveTimeoutMs: 65_000,
  checkIntervalMs: 5000,
  maxHeaders: 100,
};

/** Applies the limits to a server that does not listen yet. */
export function limitConnections(
  server: Server,
  limits: Readonly<ConnectionLimits> = CONNECTION_LIMITS,
): void {
  server.headersTimeout = limits.headersTimeoutMs;
  server.requestTimeout = limits.requestTimeoutMs;
  server.keepAliveTimeout = limits.keepAliveTimeoutMs;
  server.maxHeadersCount = limits.maxHeaders;
  // An option of createServer, which Nest does not set. Node reads it when the server starts to listen.
  Object.assign(server, { connectionsCheckingInterval: limits.checkIntervalMs });
}
