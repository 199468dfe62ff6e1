import { chmod } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { refusal } from './api-error.js';
import { BodyBudget } from './body-budget.js';
import { Exchanges } from './exchanges.js';
import type { Environment } from './environment.js';
import { findProvider } from './find-provider.js';
import { ModelMeter } from './model-meter.js';
import { type Outages, SILENT } from './outages.js';
import { PermittedModels } from './permitted-models.js';
import type { ModelCredentials } from './provider.js';
import { createUpstream } from './upstream.js';

export interface ModelGatewayOptions {
  /** The path of the Unix socket, in a folder that only this user can enter. It must not exist yet. */
  readonly socket: string;
  /** The environment that the agent would have without walls: the host's, or the server's. */
  readonly environment: Environment;
  /** The models that a request may name. @default any */
  readonly models?: readonly string[] | undefined;
  /** The model of the session; null for the default of Claude Code. @default null */
  readonly model?: string | null;
  /** Returns the headers with the credentials of a request. @default those of the environment */
  readonly credentials?: ModelCredentials | undefined;
  /** The meter of the session, which all of its agents share. @default one without limits */
  readonly meter?: ModelMeter;
  /** Reports outages of the model. Share it among gateways, so that an outage is one line. @default no report */
  readonly outages?: Outages | undefined;
  /** How long the upstream may be silent, in milliseconds. @default 600,000 */
  readonly idleTimeoutMs?: number;
  /** How long a connection to the upstream may take, in milliseconds. @default 30,000 */
  readonly connectTimeoutMs?: number;
  /** The size of a request, in bytes. @default 32 MiB, which is the limit of the Messages API */
  readonly maxBodyBytes?: number;
  /** The number of requests at the same time. @default 64 */
  readonly maxRequests?: number;
}

/** The way of one agent process to the model. */
export interface ModelGateway {
  /** The variables that the agent needs inside. They contain no credentials. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends all requests and removes the socket. Never rejects, and may be called repeatedly. */
  close(): Promise<void>;
}

const MIB = 1024 ** 2;
/** The size of the headers of a request, in bytes. */
const MAX_HEADER_BYTES = 32 * 1024;
const MAX_CONNECTIONS = 256;
/** How long the headers of a request may take, in milliseconds. */
const HEADERS_TIMEOUT_MS = 20_000;
/** How long a whole request may take to arrive, in milliseconds. */
const REQUEST_TIMEOUT_MS = 120_000;
/** How long an unused connection of the agent is kept, in milliseconds. */
const KEEP_ALIVE_MS = 300_000;

/**
 * Opens the way from one agent process to the model: an HTTP server on a Unix socket. The credentials and
 * the address of the model stay outside. A request from inside selects one of a few paths, and supplies a
 * body and some headers; everything else of the request to the model is built here.
 *
 * @throws UnsupportedCredentialsError when the environment has no credentials, or some that cannot be used
 */
export async function openModelGateway(options: ModelGatewayOptions): Promise<ModelGateway> {
  const { socket, environment, models, meter = new ModelMeter(), outages = SILENT } = options;
  const provider = await findProvider(environment, options.credentials);
  const upstream = await createUpstream(environment, {
    idleTimeoutMs: options.idleTimeoutMs ?? 600_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 30_000,
  });
  const exchanges = new Exchanges({
    provider,
    upstream,
    meter,
    outages,
    models: models ? new PermittedModels(models, options.model ?? null, environment) : null,
    bodies: new BodyBudget(options.maxBodyBytes ?? 32 * MIB),
    maxRequests: options.maxRequests ?? 64,
  });
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 10_000,
      insecureHTTPParser: false,
      noDelay: true,
    },
    (request, response) => void exchanges.answer(request, response),
  );
  server.maxConnections = MAX_CONNECTIONS;
  refuseTunnels(server);
  try {
    await listen(server, socket);
  } catch (error) {
    upstream.close();
    throw error;
  }
  let closed: Promise<void> | undefined;
  return {
    environment: { ...provider.inside, ANTHROPIC_UNIX_SOCKET: socket },
    close: () => {
      closed ??= new Promise((resolve) => {
        server.close(() => resolve());
        exchanges.close();
        server.closeAllConnections();
        upstream.close();
      });
      return closed;
    },
  };
}

function refuse(socket: Duplex, status: number, type: string, message: string): void {
  socket.on('error', () => {});
  if (socket.writable) socket.end(refusal(status, type, message));
  else socket.destroy();
}

/** Answers requests that Node cannot read, or takes for more than a request. */
function refuseTunnels(server: Server): void {
  for (const event of ['connect', 'upgrade'] as const) {
    server.on(event, (_request, socket: Duplex) =>
      refuse(socket, 403, 'permission_error', 'The model gateway opens no tunnels.'),
    );
  }
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const isTooLarge = error.code === 'HPE_HEADER_OVERFLOW';
    const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
    const [status, message] = isTooLarge
      ? ([431, 'The headers of the request are too large.'] as const)
      : isLate
        ? ([408, 'The request did not arrive in time.'] as const)
        : ([400, 'The request is not valid HTTP.'] as const);
    refuse(socket, status, 'invalid_request_error', message);
  });
}

async function listen(server: Server, socket: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', () => {});
  // The folder keeps others out in the moment before.
  await chmod(socket, 0o600);
}
