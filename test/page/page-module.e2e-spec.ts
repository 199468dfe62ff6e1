import { request as httpRequest } from 'node:http';
import { type CanActivate, Module, SetMetadata } from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AgentWebkitModule } from '../../src/agent-webkit/agent-webkit.module.js';
import { AgentWebkitPageModule, type AgentWebkitPageOptions } from '../../src/page.js';
import { ADAPTERS, startApp, type StartAppOptions, type TestApp } from '../support/start-app.js';

interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A host with one global guard that allows only marked controllers. */
class MarkedOnly implements CanActivate {
  constructor(private readonly reflector: Reflector) {}
  canActivate(context: Parameters<CanActivate['canActivate']>[0]): boolean {
    return this.reflector.get<boolean>('isOpen', context.getClass()) ?? false;
  }
}

@Module({
  providers: [
    {
      provide: APP_GUARD,
      inject: [Reflector],
      useFactory: (reflector: Reflector) => new MarkedOnly(reflector),
    },
  ],
})
class GuardedModule {}

/** The files and the API of the page, with paths resolved like in a browser. */
const links = (path: string, { body }: Reply) => {
  const resolve = (pattern: RegExp) =>
    new URL(pattern.exec(body)?.[1] ?? '', `http://host${path}`).pathname;
  return {
    script: resolve(/<script[^>]* src="([^"]+)"/),
    style: resolve(/<link rel="stylesheet"[^>]* href="([^"]+)"/),
    api: resolve(/name="agent-webkit-api" content="([^"]+)"/),
  };
};

describe.each(ADAPTERS)('the page in a Nest app on %s', (adapter) => {
  let server: TestApp;
  const start = async (
    page: AgentWebkitPageOptions,
    options: StartAppOptions = {},
    more: (typeof GuardedModule)[] = [],
  ) => {
    const imports = [
      AgentWebkitModule.forRoot({ auth: 'none' }),
      AgentWebkitPageModule.forRoot(page),
      ...more,
    ];
    server = await startApp({}, { adapter, metadata: { imports }, ...options });
  };
  afterEach(() => server.close());

  /** Sends the path unchanged: a client would normalize it. */
  const get = (
    path: string,
    method = 'GET',
    headers: Record<string, string> = {},
  ): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(server.url);
      const request = httpRequest(
        { hostname, port, path, method, headers, agent: false },
        (response) => {
          let body = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (body += chunk));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
          );
        },
      );
      request.on('error', reject);
      request.end();
    });
  it('is served under its path, with files whose names change with their contents', async () => {
    await start({});
    const page = await get('/agents');
    expect(page.status).toBe(200);
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    const { script, style, api } = links('/agents', page);
    expect(api).toBe('/');
    expect(script).toMatch(/^\/agents\/assets\/[\w-]+\.js$/);
    for (const [path, type] of [
      [script, 'text/javascript'],
      [style, 'text/css'],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- files are requested one after the other
      const file = await get(path);
      expect(file.status).toBe(200);
      expect(file.headers['content-type']).toMatch(type);
      expect(file.headers['cache-control']).toBe('public, max-age=31536000, immutable');
      expect(file.headers['x-content-type-options']).toBe('nosniff');
    }
  });

  it('allows its own scripts, styles and connections, and no others', async () => {
    await start({});
    const policy = String((await get('/agents')).headers['content-security-policy']).split('; ');
    expect(policy).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "img-src 'self' data: blob:",
      "font-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
    expect((await get('/agents')).body).not.toMatch(/<style|<script>|style=|https?:\/\//);
  });

  it('answers HEAD requests, and responds 304 to a browser that has the file already', async () => {
    await start({});
    const page = await get('/agents');
    const head = await get('/agents', 'HEAD');
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['etag']).toBe(page.headers['etag']);
    const again = await get('/agents', 'GET', {
      'if-none-match': `W/${String(page.headers['etag'])}`,
    });
    expect(again).toMatchObject({ status: 304, body: '' });
  });

  it('serves no file other than those of its build', async () => {
    await start({});
    for (const path of [
      '/agents/assets/nothing.js',
      '/agents/assets/..%2findex.html',
      '/agents/assets/..%2f..%2f..%2fpackage.json',
      '/agents/assets/%2e%2e/index.html',
      '/agents/assets/../../../package.json',
      '/agents/assets/..\\..\\package.json',
      '/agents/assets/constructor',
      '/agents/assets/__proto__',
      '/agents/assets/%00',
      '/agents/package.json',
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one path after the other
      const { status, body } = await get(path);
      expect([path, status]).toEqual([path, path.includes('%00') ? expect.any(Number) : 404]);
      expect(body).not.toMatch(/devDependencies|<!doctype/i);
    }
  });

  it('finds the sessions below a global prefix and under the configured path', async () => {
    await start(
      { path: '/ops/agents', apiPath: '/inner' },
      { configure: (app) => app.setGlobalPrefix('api') },
    );
    const page = await get('/api/ops/agents?x=1');
    expect(links('/api/ops/agents', page).api).toBe('/api/inner/');
    expect((await get(links('/api/ops/agents', page).script)).status).toBe(200);
  });

  it('can be mounted at the root without hiding other routes', async () => {
    await start({ path: '/' });
    const page = await get('/');
    expect(links('/', page)).toMatchObject({ api: '/' });
    expect((await get(links('/', page).style)).status).toBe(200);
    expect((await get('/sessions')).status).toBe(200);
    expect((await get('/nothing')).status).toBe(404);
  });

  it('is protected by the host’s guards, and can be exempted from them', async () => {
    await start({ path: '/closed' }, {}, [GuardedModule]);
    expect((await get('/closed')).status).toBe(403);
    await server.close();
    await start({ decorators: [SetMetadata('isOpen', true)] }, {}, [GuardedModule]);
    expect((await get('/agents')).status).toBe(200);
  });
});

describe('the options of AgentWebkitPageModule', () => {
  it.each([
    ['path', '/a/../b'],
    ['path', '/a"b'],
    ['path', 7],
    ['apiPath', 'https://elsewhere'],
    ['apiPath', '/a?b'],
  ])('are rejected when %s is %p, with an error that names the option', (name, value) => {
    const options = { [name]: value } as AgentWebkitPageOptions;
    expect(() => AgentWebkitPageModule.forRoot(options)).toThrow(`option '${name}'`);
  });

  it('have defaults', () => {
    expect(AgentWebkitPageModule.forRoot()).toMatchObject({ module: AgentWebkitPageModule });
  });
});
