import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CanActivate, type ExecutionContext, UnauthorizedException } from '@nestjs/common';
import { AgentWebkitModule } from '../../src/agent-webkit/agent-webkit.module.js';
import { fakeAgents } from '../support/fake-agent-client.js';
import { startApp, type TestApp } from '../support/start-app.js';
import { readAll } from './held-agent-server.js';
import { NGINX, type Proxy, VARNISH } from './proxies.js';
import { describeBehind, StartedProxy } from './started-proxy.js';

/** A host's guard. No cache knows that its header identifies a caller. */
class ApiKeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context
      .switchToHttp()
      .getRequest<{ headers: Record<string, string>; user?: object }>();
    const key = request.headers['x-api-key'];
    if (key === undefined) throw new UnauthorizedException();
    request.user = { id: key };
    return true;
  }
}

/** Proxies that store whatever the server does not forbid to store. */
const CACHES: readonly { proxy: Proxy; block: string }[] = [
  {
    // The built-in VCL alone.
    proxy: VARNISH,
    block: 'vcl 4.1;\nbackend agents {\n.host = "127.0.0.1";\n.port = "3000";\n}\n',
  },
  {
    proxy: {
      ...NGINX,
      scheme: 'http',
      replacements: ({ port, serverPort, folder }) => [
        ['127.0.0.1:3000', `127.0.0.1:${serverPort}`],
        ['listen 80', `listen 127.0.0.1:${port}`],
        ['/var/cache/nginx', `${folder}/cache`],
      ],
    },
    block: `
      proxy_cache_path /var/cache/nginx keys_zone=agents:1m;
      server {
        listen 80;
        location / {
          proxy_pass http://127.0.0.1:3000;
          proxy_cache agents;
          proxy_cache_valid any 1m;
        }
      }`,
  },
];

describe.each(CACHES)('A $proxy.name that stores responses', ({ proxy, block }) => {
  describeBehind(proxy)('gives each caller', () => {
    let server: TestApp;
    let started: StartedProxy;
    beforeAll(async () => {
      const module = AgentWebkitModule.forRoot({
        guard: ApiKeyGuard,
        agent: { sdkFactory: fakeAgents().factory },
      });
      server = await startApp({}, { metadata: { imports: [module] } });
      started = await StartedProxy.start(proxy, block, Number(new URL(server.url).port));
    });
    afterAll(async () => {
      await started?.stop();
      await server?.close();
    });

    const get = async (path: string, key?: string) => {
      const { status, text } = await readAll(started.connect(), {
        path,
        headers: key === undefined ? {} : { 'x-api-key': key },
      });
      return { status, text };
    };

    it('its own list of sessions', async () => {
      const { body } = await server.request('POST', '/sessions', {}, { 'x-api-key': 'ann' });
      const id = String(body['session_id']);

      expect(await get('/sessions', 'ann')).toEqual({
        status: 200,
        text: expect.stringContaining(id),
      });
      expect(await get('/sessions', 'ben')).toEqual({
        status: 200,
        text: expect.not.stringContaining(id),
      });
      expect(await get('/sessions')).toMatchObject({ status: 401 });
    });

    it('its own rejections', async () => {
      const { body } = await server.request('POST', '/sessions', {}, { 'x-api-key': 'ann' });
      const path = `/sessions/${String(body['session_id'])}`;
      for (const route of [path, `${path}/events`]) {
        const statuses: number[] = [];
        // The order decides which response a cache would store.
        for (const key of [undefined, 'ben', 'ann', 'ben', undefined]) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          statuses.push((await get(route, key)).status);
        }
        expect(statuses).toEqual([401, 404, 200, 404, 401]);
      }
    });
  });
});
