import { Catch, HttpException, type ArgumentsHost, type INestApplication } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from '../../../src/standalone/server.js';
import { readSettings } from '../../../src/standalone/settings.js';
import { AgentWebkitModule } from '../../../src/agent-webkit/agent-webkit.module.js';
import { fakeAgents } from '../../support/fake-agent-client.js';
import { ADAPTERS, type AdapterName, startApp } from '../../support/start-app.js';

const TOKEN = 'a-token-of-this-test';

interface Server {
  url: string;
  close(): Promise<void>;
}

/** Answers every error itself, like a host with its own format of errors. */
@Catch()
class HostFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(error: unknown, context: ArgumentsHost): void {
    const status = error instanceof HttpException ? error.getStatus() : 500;
    this.host.httpAdapter.reply(context.switchToHttp().getResponse(), { oops: status }, status);
  }
}

async function startStandalone(): Promise<Server> {
  const settings = readSettings({
    PORT: '0',
    AGENT_WEBKIT_AGENT: 'demo',
    AGENT_WEBKIT_TOKEN: TOKEN,
    AGENT_WEBKIT_MAX_BODY: '100kb',
    AGENT_WEBKIT_MAX_CREATIONS_PER_MINUTE: '1',
  });
  const app = await createServer(settings, { logger: false });
  await app.listen(settings.port, settings.host);
  return { url: await app.getUrl(), close: () => app.close() };
}

/** A host with a global prefix, CORS and a filter of its own. */
async function startHost(adapter: AdapterName): Promise<Server> {
  return startApp(
    {},
    {
      adapter,
      prefix: '/api/v1',
      metadata: {
        imports: [
          AgentWebkitModule.forRoot({
            auth: { tokens: [TOKEN] },
            limits: { maxCreationsPerMinute: 1 },
            agent: { sdkFactory: fakeAgents().factory },
          }),
        ],
      },
      configure: (app: INestApplication) => {
        app.setGlobalPrefix('api/v1');
        app.enableCors({ origin: ['https://app.example'], exposedHeaders: ['Retry-After'] });
        app.useGlobalFilters(new HostFilter(app.get(HttpAdapterHost)));
      },
    },
  );
}

const SERVERS: [name: string, start: () => Promise<Server>][] = [
  ['the standalone server', startStandalone],
  ...ADAPTERS.map((adapter): (typeof SERVERS)[number] => [
    `a host with a prefix, CORS and a filter, on ${adapter}`,
    () => startHost(adapter),
  ]),
];

const auth = { authorization: `Bearer ${TOKEN}`, origin: 'https://app.example' };
const json = { ...auth, 'content-type': 'application/json' };
const post = (body: string, headers: Record<string, string> = json) => ({
  method: 'POST',
  headers,
  body,
});

/** Requests to routes of the module; `ID` is an existing session. */
const ANSWERS: [status: number, title: string, path: string, init: RequestInit][] = [
  [200, 'a list', '/sessions', { headers: auth }],
  [200, 'the headers of a list', '/sessions', { method: 'HEAD', headers: auth }],
  [200, 'a session', '/sessions/ID', { headers: auth }],
  [200, 'events', '/sessions/ID/events', { headers: auth }],
  [204, 'an accepted message', '/sessions/ID/input', post('{"type":"interrupt"}')],
  [400, 'an invalid query', '/sessions?limit=0', { headers: auth }],
  [400, 'an invalid field', '/sessions', post('{"cwd":1}')],
  [400, 'a form', '/sessions', post('a=b', { ...auth, 'content-type': 'text/plain' })],
  [400, 'an invalid cursor', '/sessions/ID/stream?last_event_id=x', { headers: auth }],
  [401, 'no token', '/sessions', {}],
  [401, 'no token for the stream', '/sessions/ID/stream', {}],
  [404, 'an unknown session', '/sessions/unknown', { headers: auth }],
  [404, 'the stream of an unknown session', '/sessions/unknown/stream', { headers: auth }],
  [412, 'a cursor that is ahead', '/sessions/ID/stream?last_event_id=99', { headers: auth }],
  [429, 'too many creations', '/sessions', post('{}')],
];

/** Answers of the standalone server that reach no route of the module. */
const OTHERS: [status: number, title: string, path: string, init: RequestInit][] = [
  [400, 'malformed JSON', '/sessions', post('{"model":')],
  [413, 'a body that is too large', '/sessions', post(`"${'x'.repeat(200_000)}"`)],
  [404, 'an unknown route', '/unknown', {}],
  [404, 'an unknown route below a session', '/sessions/ID/unknown', { headers: auth }],
  [404, 'an unknown file of the page', '/assets/unknown.js', {}],
];

describe.each(SERVERS)('the headers for caches of %s', (name, start) => {
  let server: Server;
  let id: string;
  let creation: Headers;
  const call = (path: string, init: RequestInit) =>
    fetch(server.url + path.replace('ID', id), init);

  beforeAll(async () => {
    server = await start();
    const created = await fetch(`${server.url}/sessions`, post('{}'));
    creation = created.headers;
    id = ((await created.json()) as { session_id: string }).session_id;
  });
  afterAll(() => server.close());

  it.each(ANSWERS)('forbid to store the response %i to %s', async (status, _, path, init) => {
    const response = await call(path, init);
    expect(response.status).toBe(status);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('forbid to store the response to the creation of a session', () => {
    expect(creation.get('cache-control')).toBe('no-store');
  });

  it('name the header that a response depends on, once, beside those of CORS', async () => {
    const response = await call('/sessions', { headers: auth });
    const vary = response.headers.get('vary')?.split(/, */);
    // With CORS on Fastify, the plugin sets the header after every middleware.
    if (name.includes('fastify')) expect(vary).toEqual(['Origin']);
    else if (name.includes('express')) expect(vary).toEqual(['Origin', 'Authorization']);
    else expect(vary).toEqual(['Authorization']);
  });

  it('forbid to store or to transform a stream', async () => {
    const end = new AbortController();
    const response = await call('/sessions/ID/stream', { headers: auth, signal: end.signal });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toMatch(/\bno-store\b.*\bno-transform\b/);
    end.abort();
  });

  const others = name.includes('standalone') ? OTHERS : [];
  if (others.length > 0) {
    it.each(others)(
      'forbid to store the response %i to %s, which is no route of the module',
      async (status, _, path, init) => {
        const response = await call(path, init);
        expect(response.status).toBe(status);
        expect(response.headers.get('cache-control')).toBe('no-store');
      },
    );

    it('let caches keep the files of the page', async () => {
      const page = await call('/', {});
      expect(page.headers.get('cache-control')).toBe('no-cache');
      expect(page.headers.get('vary') ?? '').not.toContain('Authorization');
      const [, script] = /src="([^"]+\.js)"/.exec(await page.text()) ?? [];
      const file = await fetch(new URL(script ?? '', `${server.url}/`));
      expect([file.status, file.headers.get('cache-control')]).toEqual([
        200,
        'public, max-age=31536000, immutable',
      ]);
    });
  }
});
