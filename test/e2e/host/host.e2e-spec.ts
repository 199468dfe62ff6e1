import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpException,
  type INestApplication,
  Injectable,
  type NestInterceptor,
  UnauthorizedException,
  ValidationPipe,
} from '@nestjs/common';
import { HttpAdapterHost, RouterModule } from '@nestjs/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { map, type Observable } from 'rxjs';
import { AgentWebkitModule } from '../../../src/agent-webkit/agent-webkit.module.js';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { fakeAgents } from '../../support/fake-agent-client.js';
import { invalid, refused } from '../../support/refused.js';
import { result } from '../../support/sdk-messages.js';
import { ADAPTERS, startApp, type StartAppOptions, type TestApp } from '../../support/start-app.js';

@Controller('cats')
class CatsController {
  @Get()
  all(): string[] {
    return ['tom'];
  }

  @Get('sessions')
  sessions(): string[] {
    return [];
  }
}

/** Answers everything in the host's own shape, by the adapter. */
@Catch()
class EverythingFilter implements ExceptionFilter {
  constructor(private readonly app: INestApplication) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const status = error instanceof HttpException ? error.getStatus() : 500;
    const { httpAdapter } = this.app.get(HttpAdapterHost);
    const { code = 'none' } = (error as HttpException).getResponse() as { code?: string };
    httpAdapter.reply(host.switchToHttp().getResponse(), { everything: code }, status);
  }
}

@Catch(HttpException)
class HttpFilter extends EverythingFilter {}

@Injectable()
class EnvelopeInterceptor implements NestInterceptor {
  readonly seen: string[] = [];

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.seen.push(context.getHandler().name);
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

class KeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    if (headers['x-key'] === 'k') return true;
    throw new UnauthorizedException();
  }
}

describe.each(ADAPTERS)('a host app on %s', (adapter) => {
  let server: TestApp;
  let agents: ReturnType<typeof fakeAgents>;
  const start = async (
    { imports = [], ...options }: StartAppOptions & { imports?: object[] } = {},
    moduleOptions: AgentWebkitModuleOptions = {},
  ) => {
    agents = fakeAgents();
    const module = AgentWebkitModule.forRoot({
      auth: 'none',
      ...moduleOptions,
      agent: { sdkFactory: agents.factory, ...moduleOptions.agent },
    });
    const metadata = { controllers: [CatsController], imports: [module, ...(imports as never[])] };
    server = await startApp({}, { adapter, metadata, ...options });
  };
  /** A whole turn over every route. */
  const talks = async () => {
    const id = await server.createSession({ model: 'opus', unknown: 1 });
    const stream = await server.stream(id);
    expect((await server.input(id, { type: 'set_model', model: null, unknown: 1 })).status).toBe(
      204,
    );
    await server.say(id, 'hi');
    await agents.newest().received(1);
    agents.newest().say(result());
    await stream.next('result');
    expect((await server.request('GET', '/sessions?limit=5&unknown=1')).status).toBe(200);
    expect((await server.request('GET', `/sessions/${id}/events?after=1`)).status).toBe(200);
    expect((await server.info(id))['last_id']).toBe(4);
    expect((await server.request('DELETE', `/sessions/${id}`)).status).toBe(204);
    await stream.next('done');
    expect(stream.ids()).toEqual([1, 2, 3, 4, 5]);
  };
  afterEach(() => server.close());

  it('serves its own routes beside the sessions', async () => {
    await start();
    await talks();
    const cats = await fetch(`${server.url}/cats`, { headers: { connection: 'close' } });
    expect(await cats.json()).toEqual(['tom']);
    expect((await server.request('GET', '/cats/sessions')).status).toBe(200);
    expect((await server.request('GET', '/dogs')).status).toBe(404);
  });

  it('puts the sessions under its global prefix', async () => {
    await start({ prefix: '/api', configure: (app) => app.setGlobalPrefix('api') });
    await talks();
  });

  it('puts the sessions under a path of the RouterModule, and a global prefix before it', async () => {
    const routes = RouterModule.register([{ path: 'agent/v1', module: AgentWebkitModule }]);
    await start({
      prefix: '/api/agent/v1',
      imports: [routes],
      configure: (app) => app.setGlobalPrefix('api'),
    });
    await talks();
    const json = { 'content-type': 'application/json' };
    const id = await server.createSession();
    expect((await server.request('DELETE', `/sessions/${id}`, undefined, json)).status).toBe(204);
  });

  it.each([
    ['strict', { whitelist: true, forbidNonWhitelisted: true, transform: true }],
    ['meddling', { transform: true, validateCustomDecorators: true, forbidUnknownValues: true }],
  ])('keeps the protocol under its %s global ValidationPipe', async (_, rules) => {
    await start({ configure: (app) => app.useGlobalPipes(new ValidationPipe(rules)) });
    await talks();
    expect(await server.request('POST', '/sessions', { model: 5 })).toMatchObject(invalid('model'));
    expect(await server.request('GET', '/sessions?limit=0')).toMatchObject(invalid('limit'));
  });

  it.each([
    ['catch-all filter', EverythingFilter],
    ['filter of HttpException', HttpFilter],
  ])('sees our refusals in its %s', async (_, Filter) => {
    await start({ configure: (app) => app.useGlobalFilters(new Filter(app)) });
    const id = await server.createSession();
    const answers = await Promise.all([
      server.request('POST', '/sessions', { model: 5 }),
      server.request('GET', '/sessions/unknown'),
      server.request('GET', `/sessions/${id}/stream?last_event_id=9`),
      server.request('POST', `/sessions/${id}/input`, {}),
    ]);
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [400, { everything: 'invalid_request' }],
      [404, { everything: 'session_not_found' }],
      [412, { everything: 'cursor_ahead' }],
      [400, { everything: 'invalid_request' }],
    ]);
  });

  it('sees refusals in its filter, and keeps Retry-After', async () => {
    await start(
      { configure: (app) => app.useGlobalFilters(new EverythingFilter(app)) },
      { auth: { tokens: ['t'] }, limits: { maxSessionsPerOwner: 1 } },
    );
    expect((await server.request('GET', '/sessions')).body).toEqual({ everything: 'unauthorized' });
    const create = () => server.request('POST', '/sessions', {}, { authorization: 'Bearer t' });
    await create();
    const tooMany = await create();
    expect(tooMany).toMatchObject({ status: 429, body: { everything: 'too_many_sessions' } });
    expect(tooMany.headers.get('retry-after')).toBe('60');
  });

  it('wraps answers by its interceptor, and leaves the stream as the protocol has it', async () => {
    const envelope = new EnvelopeInterceptor();
    await start(
      { configure: (app) => app.useGlobalInterceptors(envelope) },
      { stream: { keepAliveMs: 10 } },
    );
    const { body } = await server.request('POST', '/sessions', {});
    const { session_id: id } = body['data'] as { session_id: string };
    const stream = await server.stream(id);
    await stream.until(() => stream.comments.length > 2);
    await server.say(id, 'hi');
    await stream.next('turn_start');
    expect(stream.ids()).toEqual([1, 2, 3]);
    expect(stream.raw.match(/^id: /gm)).toHaveLength(3);
    expect(envelope.seen).toEqual(['create', 'stream', 'input']);
  });

  it('guards every route by its global guard, the stream too', async () => {
    await start({
      headers: { 'x-key': 'k' },
      configure: (app) => app.useGlobalGuards(new KeyGuard()),
    });
    await talks();
    const id = await server.createSession();
    for (const path of ['', `/${id}`, `/${id}/stream`, `/${id}/events`]) {
      const answer = await server.request('GET', `/sessions${path}`, undefined, { 'x-key': '' });
      expect(answer.status).toBe(401);
    }
  });

  it('runs beside another app in one process, and knows nothing of it', async () => {
    await start();
    const first = { server, agents };
    await start();
    const id = await first.server.createSession();
    expect(await server.request('GET', `/sessions/${id}`)).toMatchObject(
      refused(404, 'session_not_found', /^Session not found/),
    );
    expect(agents.agents).toEqual([]);
    await server.close();
    await first.server.say(id, 'hi');
    await first.agents.newest().received(1);
    await first.server.close();
  });
});
