import { request as httpRequest } from 'node:http';
import { Agent, type AgentOptions, request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Environment } from './environment.js';

type Callback = (error: Error | null, socket?: Duplex) => void;

interface Destination {
  readonly host?: string | null;
  readonly port?: number | string | null;
  readonly servername?: string;
}

/** Connections through an HTTP proxy, which opens a tunnel for each by the method CONNECT. */
export class TunnelAgent extends Agent {
  readonly #proxy: URL;
  readonly #isPlain: boolean;
  readonly #timeoutMs: number;
  readonly #tls: AgentOptions;

  constructor(proxy: URL, protocol: string, options: AgentOptions, timeoutMs: number) {
    super(options);
    // An agent of Node accepts requests of one protocol only.
    Object.assign(this, { protocol });
    this.#isPlain = protocol === 'http:';
    this.#proxy = proxy;
    this.#timeoutMs = timeoutMs;
    this.#tls = options;
  }

  override createConnection(options: Destination, callback: Callback): undefined {
    const host = String(options.host);
    const name = host.includes(':') ? `[${host}]` : host;
    const isPlain = this.#isPlain;
    const destination = `${name}:${options.port ?? (isPlain ? 80 : 443)}`;
    const { protocol, hostname, port, username, password } = this.#proxy;
    const isSecure = protocol === 'https:';
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    const tunnel = (isSecure ? httpsRequest : httpRequest)({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port || (isSecure ? 443 : 80),
      method: 'CONNECT',
      path: destination,
      agent: false,
      timeout: this.#timeoutMs,
      ...(isSecure && this.#tls.ca && { ca: this.#tls.ca }),
      headers: {
        host: destination,
        ...(username && {
          'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}`,
        }),
      },
    });
    tunnel.once('connect', ({ statusCode }, socket: Duplex) => {
      if (statusCode !== 200) {
        socket.destroy();
        callback(new ProxyError());
        return;
      }
      if (isPlain) {
        callback(null, socket);
        return;
      }
      const { ca, cert, key, passphrase } = this.#tls;
      callback(
        null,
        connectTls({
          socket,
          servername: options.servername || host,
          ALPNProtocols: ['http/1.1'],
          ...(ca && { ca }),
          ...(cert && { cert }),
          ...(key && { key }),
          ...(passphrase && { passphrase }),
        }),
      );
    });
    tunnel.once('response', (response) => {
      response.destroy();
      callback(new ProxyError());
    });
    tunnel.once('timeout', () => tunnel.destroy(new ProxyError()));
    tunnel.once('error', () => callback(new ProxyError()));
    tunnel.end();
    return undefined;
  }
}

/** The proxy of the server cannot be reached, or opens no tunnel. */
export class ProxyError extends Error {
  readonly code = 'PROXY';
}

/**
 * Returns the proxy for an address, as the usual variables name it; null for none. Where the environment has
 * none, those of the server's own process count: they describe its network. Loopback is never proxied.
 */
export function findProxy(
  url: URL,
  environment: Environment,
  server: Environment = process.env,
): URL | null {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (host === 'localhost' || host === '::1' || host.startsWith('127.')) return null;
  const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'];
  const source = [...names, 'NO_PROXY', 'no_proxy'].some((name) => environment[name])
    ? environment
    : server;
  const value = names.map((name) => source[name]).find(Boolean);
  if (!value || isExempt(host, source['NO_PROXY'] ?? source['no_proxy'] ?? '')) return null;
  const text = value.includes('://') ? value : `http://${value}`;
  const proxy = URL.canParse(text) ? new URL(text) : null;
  return proxy !== null && /^https?:$/.test(proxy.protocol) ? proxy : null;
}

function isExempt(host: string, exceptions: string): boolean {
  return exceptions
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((entry) =>
      entry
        .toLowerCase()
        .replace(/:\d+$/, '')
        .replace(/^\*?\./, ''),
    )
    .some((entry) => entry === '*' || host === entry || host.endsWith(`.${entry}`));
}
