import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CONNECTION_LIMITS, limitConnections } from '../connection-limits.js';
import { SettingError } from '../read-setting.js';
import type { MetricsSettings } from './metrics-settings.js';
import type { Prometheus } from './prometheus.js';

const PATH = '/metrics';
/** How many connections a port of its own accepts: a few programs collect metrics. */
const MAX_CONNECTIONS = 32;
/** A request for the metrics is short. An idle connection gives its place to another one soon. */
const LIMITS = {
  ...CONNECTION_LIMITS,
  headersTimeoutMs: 3000,
  requestTimeoutMs: 5000,
  checkIntervalMs: 1000,
};

/** Serves `GET /metrics`, on the port of the API or on one of its own, which is open until everything else has stopped. */
export class MetricsEndpoint implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #settings: MetricsSettings;
  readonly #prometheus: Prometheus;
  readonly #digest: Buffer | null;
  readonly #logger = new Logger('Metrics');
  #server: Server | null = null;

  constructor(settings: MetricsSettings, prometheus: Prometheus) {
    this.#settings = settings;
    this.#prometheus = prometheus;
    this.#digest = settings.token === null ? null : digest(settings.token);
  }

  /** The address on a port of its own, once that is open; otherwise null. */
  get url(): string | null {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    if (!address) return null;
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `http://${host}:${address.port}${PATH}`;
  }

  /** The provider of the meters whose metrics are served. */
  get provider(): Prometheus['provider'] {
    return this.#prometheus.provider;
  }

  /** Answers a request for the metrics, and passes on every other one. */
  readonly handle = (
    request: IncomingMessage,
    response: ServerResponse,
    next: () => void,
  ): void => {
    if (this.#settings.own !== null || pathOf(request) !== PATH) return next();
    void this.#answer(request, response);
  };

  /** @throws SettingError when the port cannot be opened */
  async onApplicationBootstrap(): Promise<void> {
    const { own } = this.#settings;
    if (own === null) return;
    const server = createServer((request, response) => {
      if (pathOf(request) === PATH) void this.#answer(request, response);
      else refuse(response, 404, 'not_found', `The metrics are at GET ${PATH}.`);
    });
    limitConnections(server, LIMITS);
    server.maxConnections = MAX_CONNECTIONS;
    this.#server = server;
    try {
      server.listen(own.port, own.host);
      await once(server, 'listening');
    } catch (error) {
      const { message } = error as Error;
      throw new SettingError(
        `The metrics cannot be served on AGENT_WEBKIT_METRICS_HOST '${own.host}' and AGENT_WEBKIT_METRICS_PORT ${own.port}: ` +
          `${message}. Choose another port.`,
      );
    }
  }

  async onApplicationShutdown(): Promise<void> {
    const server = this.#server;
    if (server?.listening) {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    }
    await this.#prometheus.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#isPermitted(request)) {
      response.setHeader('WWW-Authenticate', 'Bearer realm="metrics"');
      const message =
        'The metrics require the token in AGENT_WEBKIT_METRICS_TOKEN. Send it in the header Authorization: Bearer <token>.';
      return refuse(response, 401, 'unauthorized', message);
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return refuse(response, 405, 'method_not_allowed', `Use GET ${PATH}.`);
    }
    try {
      const text = await this.#prometheus.collect();
      response.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
      response.setHeader('Cache-Control', 'no-store');
      response.end(request.method === 'HEAD' ? undefined : text);
    } catch (error) {
      this.#logger.error('The metrics could not be collected.', error);
      refuse(
        response,
        503,
        'metrics_unavailable',
        'The metrics could not be collected. Try again.',
      );
    }
  }

  #isPermitted({ headers: { authorization = '' } }: IncomingMessage): boolean {
    if (this.#digest === null) return true;
    const [, token = ''] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
    return timingSafeEqual(digest(token), this.#digest);
  }
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

function refuse(response: ServerResponse, statusCode: number, code: string, message: string): void {
  response.statusCode = statusCode;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(JSON.stringify({ statusCode, code, message }));
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
