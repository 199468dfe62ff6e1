import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent, type ClientRequest, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { Environment } from './environment.js';
import { UnsupportedCredentialsError } from './provider.js';
import { findProxy, TunnelAgent } from './tunnel-agent.js';

export interface UpstreamLimits {
  readonly idleTimeoutMs: number;
  readonly connectTimeoutMs: number;
}

/** The connections of one gateway to the model. */
export interface Upstream extends UpstreamLimits {
  /** Starts a POST request. Its `timeout` event reports that the connection has been silent for too long. */
  post(url: URL, headers: Readonly<Record<string, string>>): ClientRequest;
  close(): void;
}

const AGENT = {
  keepAlive: true,
  noDelay: true,
  maxFreeSockets: 8,
  // Shorter than servers keep an unused connection, in milliseconds.
  timeout: 50_000,
} as const;

/**
 * Creates the connections to the model, with the certificates and the proxy that the environment names, as
 * Claude Code would use them.
 *
 * @throws UnsupportedCredentialsError when a file of certificates cannot be read
 */
export async function createUpstream(
  environment: Environment,
  limits: UpstreamLimits,
): Promise<Upstream> {
  const tls = await readTlsFiles(environment);
  const agents = {
    'http:': new HttpAgent(AGENT),
    'https:': new HttpsAgent({ ...AGENT, ...tls }),
  };
  const tunnels = new Map<string, TunnelAgent>();
  const agentOf = (url: URL) => {
    const protocol = url.protocol === 'http:' ? 'http:' : 'https:';
    const proxy = findProxy(url, environment);
    if (proxy === null) return agents[protocol];
    let tunnel = tunnels.get(protocol + proxy.href);
    if (tunnel === undefined) {
      tunnel = new TunnelAgent(proxy, protocol, { ...AGENT, ...tls }, limits.connectTimeoutMs);
      tunnels.set(protocol + proxy.href, tunnel);
    }
    return tunnel;
  };
  return {
    ...limits,
    post: (url, headers) => {
      const request = url.protocol === 'http:' ? httpRequest : httpsRequest;
      return request(url, {
        method: 'POST',
        agent: agentOf(url),
        headers,
        timeout: limits.idleTimeoutMs,
        maxHeaderSize: 64 * 1024,
      });
    },
    close: () => {
      for (const agent of [...Object.values(agents), ...tunnels.values()]) agent.destroy();
    },
  };
}

/** Reads the certificates of the server's own network, and of the client. */
async function readTlsFiles(environment: Environment) {
  const read = async (name: string) => {
    const path = environment[name] ?? (name === 'NODE_EXTRA_CA_CERTS' ? process.env[name] : '');
    if (!path) return undefined;
    return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new UnsupportedCredentialsError(
        `The file that ${name} names cannot be read (${error.code ?? 'unknown error'}).`,
      );
    });
  };
  const extra = await read('NODE_EXTRA_CA_CERTS');
  const cert = await read('CLAUDE_CODE_CLIENT_CERT');
  const key = await read('CLAUDE_CODE_CLIENT_KEY');
  const passphrase = environment['CLAUDE_CODE_CLIENT_KEY_PASSPHRASE'];
  return {
    ...(extra && { ca: [...rootCertificates, extra] }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(passphrase && { passphrase }),
  };
}
