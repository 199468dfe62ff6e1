import type { INestApplication } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from '../../../src/standalone/server.js';
import { readSettings } from '../../../src/standalone/settings.js';
import { ADAPTERS, startFakeApp } from '../../support/start-app.js';

const ORIGIN = 'https://app.example';
const TOKEN = 'a-token-of-this-test';

/** A running server that allows calls from {@link ORIGIN}. */
interface CorsServer {
  url: string;
  close(): Promise<void>;
}

async function startStandalone(): Promise<CorsServer> {
  const settings = readSettings({
    PORT: '0',
    AGENT_WEBKIT_AGENT: 'demo',
    AGENT_WEBKIT_TOKEN: TOKEN,
    AGENT_WEBKIT_CORS_ORIGIN: ORIGIN,
    AGENT_WEBKIT_MAX_BODY: '100kb',
    AGENT_WEBKIT_MAX_CREATIONS_PER_MINUTE: '1',
  });
  const app = await createServer(settings, { logger: false });
  await app.listen(settings.port, settings.host);
  return { url: await app.getUrl(), close: () => app.close() };
}

async function startHost(adapter: (typeof ADAPTERS)[number]): Promise<CorsServer> {
  const { server } = await startFakeApp(
    { auth: { tokens: [TOKEN] }, limits: { maxCreationsPerMinute: 1 } },
    {
      adapter,
      configure: (app: INestApplication) =>
        app.enableCors({ origin: [ORIGIN], exposedHeaders: ['Retry-After', 'WWW-Authenticate'] }),
    },
  );
  return server;
}

const SERVERS: [name: string, start: () => Promise<CorsServer>][] = [
  ['the standalone server', startStandalone],
  ...ADAPTERS.map((adapter): (typeof SERVERS)[number] => [
    `a host that calls enableCors, on ${adapter}`,
    () => startHost(adapter),
  ]),
];

const json = { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` };
const tooLarge = JSON.stringify({ model: 'x'.repeat(2_000_000) });
const encoding = { ...json, 'content-encoding': 'unknown' };

interface Call extends RequestInit {
  headers?: Record<string, string>;
}

/** Rejected requests, each with its status. */
const REFUSALS: [status: number, reason: string, path: string, init: Call][] = [
  [413, 'the body is too large', '/sessions', { method: 'POST', headers: json, body: tooLarge }],
  [400, 'the JSON is broken', '/sessions', { method: 'POST', headers: json, body: '{"model":' }],
  [400, 'a field is invalid', '/sessions', { method: 'POST', headers: json, body: '{"cwd":1}' }],
  [415, 'the encoding is unknown', '/sessions', { method: 'POST', headers: encoding, body: '{}' }],
  [401, 'the token is missing', '/sessions', {}],
  [404, 'the session does not exist', '/sessions/unknown', { headers: json }],
  [404, 'the route does not exist', '/unknown', { headers: json }],
];

describe.each(SERVERS)('CORS headers of %s', (name, start) => {
  let server: CorsServer;
  const call = (path: string, { headers, ...init }: Call = {}) =>
    fetch(`${server.url}${path}`, { ...init, headers: { ...headers, origin: ORIGIN } });

  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.close());

  // Fastify ignores the Content-Encoding of a request.
  const refusals = REFUSALS.filter(([status]) => status !== 415 || !name.includes('fastify'));

  it.each(refusals)('are in the response %i when %s', async (status, _reason, path, init) => {
    const response = await call(path, init);
    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    const exposed = response.headers.get('access-control-expose-headers')?.split(/, */);
    expect(exposed).toEqual(['Retry-After', 'WWW-Authenticate']);
  });

  it('are in the response to a preflight request, which needs no token', async () => {
    const response = await call('/sessions', {
      method: 'OPTIONS',
      headers: {
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,idempotency-key',
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(response.headers.get('access-control-allow-headers')).toMatch(/authorization/);
  });

  it('let a page read Retry-After of a response 429', async () => {
    const creation = { method: 'POST', headers: json, body: '{}' };
    await call('/sessions', creation);
    const response = await call('/sessions', creation);
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(response.headers.get('access-control-expose-headers')).toMatch(/\bRetry-After\b/);
  });
});
